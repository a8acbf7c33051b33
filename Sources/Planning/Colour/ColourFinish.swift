import Delivery
import Diagnostics
import Digests
import Editorial
import ImageGraph
import TaskGraph
import TaskKinds

/// Brings the pictures of a programme to the values of a deliverable: one processor for each shot and deliverable,
/// compiled before anything is rendered.
struct ColourFinish {
  /// The stage that asks, for findings.
  let stage: StageDeclaration
  /// Where the pipeline says what the values are, for findings.
  let value: PipelineValue?
  /// Nil where the programme's colours are not managed.
  let output: ColourOutput?
  let target: CompileColourTask.Target
  /// What the pictures are in.
  let space: String?

  /// A deliverable's way of computing its colours, for `plan`.
  struct Found: Hashable {
    var form: ColourProcess.Form
    var error: Double
    var reason: String
  }

  /// The sequence with everything compiled; as it was where an answer is missing.
  func finished(_ sequence: PictureSequence, in workspace: inout PlanningWorkspace) throws -> PictureSequence
  {
    guard output != nil || sequence.spans.contains(where: { $0.node.hasColour }) else { return sequence }
    var copy = sequence
    for index in copy.spans.indices {
      let span = copy.spans[index]
      copy.spans[index].node = try finished(span.node, subject: subject(span), in: &workspace)
    }
    return copy
  }

  private func subject(_ span: PictureSpan) -> String {
    (span.shot.map { "shot \($0.name.isEmpty ? $0.event : $0.name) of " } ?? "") + "`\(stage.name)`"
  }

  /// One picture with everything compiled; as it was where an answer is missing or nothing is to be compiled.
  func finished(_ node: ImageNode, subject: String, in workspace: inout PlanningWorkspace) throws -> ImageNode
  {
    guard output != nil || node.hasColour else { return node }
    switch node {
    case .graphics(var graphics, let below):
      graphics.colour = try drawings(subject, in: &workspace)
      return .graphics(graphics, of: try finished(below, subject: subject, in: &workspace))
    case .matte(var matte, let below):
      matte.colour = try blackness(outputBlack(in: workspace), subject: subject, in: &workspace)
      return .matte(matte, of: try finished(below, subject: subject, in: &workspace))
    case .black:
      let process = try blackness(outputBlack(in: workspace), subject: subject, in: &workspace)
      return process.map { .colour($0, of: node) } ?? node
    default:
      guard node.hasPicture else { return node }
      let (processes, below) = node.colour
      let last = space.map { output?.steps(from: $0) ?? [] } ?? []
      let isMixed = below.isMix
      // What a mix does not cover is black before the steps, what a clip does not cover after them.
      let black = isMixed ? [] : outputBlack(in: workspace)
      return try compiled(
        processes, more: last, of: try mixed(below, subject: subject, in: &workspace),
        source: isMixed ? .light : source(below, in: workspace), target: target,
        black: .init(steps: black, isUnder: true), subject: subject, in: &workspace)
    }
  }

  /// The steps from no light to the values of the deliverable; none where black is 0 in them, as on a display.
  private func outputBlack(in workspace: PlanningWorkspace) -> [ColourStep] {
    guard let colour = workspace.pipeline.colour else { return [] }
    switch output?.kind {
    case .space(let name): return colour.black(in: name)
    // Views of logarithmic values are for people who look at those.
    case .view(_, _, let name?) where colour.outline.space(name)?.encoding == "log":
      return colour.black(in: name)
    case .view, nil: return []
    }
  }

  /// Pictures before they are mixed stay in the space they are mixed in.
  ///
  /// - Parameter isWhole: nothing else lies under what the mix does not cover.
  private func mixed(
    _ node: ImageNode, subject: String, in workspace: inout PlanningWorkspace, isWhole: Bool = true
  ) throws -> ImageNode {
    let black = workspace.pipeline.colour.map { $0.black(in: $0.working) } ?? []
    func side(_ node: ImageNode) throws -> ImageNode {
      if case .black = node {
        return try blackness(black, subject: subject, in: &workspace).map { .colour($0, of: node) } ?? node
      }
      let (processes, below) = node.colour
      return try compiled(
        processes, more: [], of: try mixed(below, subject: subject, in: &workspace, isWhole: false),
        source: below.isMix ? .light : source(below, in: workspace), target: .light,
        black: .init(steps: below.isMix ? [] : black, isUnder: false), subject: subject, in: &workspace)
    }
    let mix: ImageNode
    switch node {
    case .transition(let transition, let outgoing, let incoming):
      mix = .transition(transition, outgoing: try side(outgoing), incoming: try side(incoming))
    case .layers(let layering, let pictures): mix = .layers(layering, of: try pictures.map(side))
    case .sizing(let sizing, let below):
      return .sizing(
        try scaled(sizing, subject: subject, in: &workspace),
        of: try lit(below, subject: subject, in: &workspace))
    default: return node
    }
    guard isWhole, mix.mayBeOpen else { return mix }
    return try compiled(
      [], more: [], of: mix, source: .light, target: .light, black: .init(steps: black, isUnder: true),
      subject: subject, in: &workspace)
  }

  /// The ways of a composite's layers into its light.
  private func lit(_ node: ImageNode, subject: String, in workspace: inout PlanningWorkspace) throws
    -> ImageNode
  {
    guard case .composite(var composite, let pictures) = node else { return node }
    for (index, picture) in pictures.enumerated() {
      guard composite.layers.indices.contains(index), let process = composite.layers[index].colour else {
        continue
      }
      composite.layers[index].colour?.compiled = try answer(
        process, source(picture, in: workspace), .light, "layer \(index + 1) of \(subject)", in: &workspace)?
        .compiled
    }
    return .composite(composite, of: pictures)
  }

  /// The way into light and back of a picture that is scaled there.
  private func scaled(_ sizing: Sizing, subject: String, in workspace: inout PlanningWorkspace) throws
    -> Sizing
  {
    guard case .sceneLight(var to, var from)? = sizing.scaling else { return sizing }
    let words = "scaling of \(subject)"
    to.compiled = try answer(to, .codes, .light, words, isPicture: false, in: &workspace)?.compiled
    from.compiled = try answer(from, .light, .light, words, isPicture: false, in: &workspace)?.compiled
    var copy = sizing
    copy.scaling = .sceneLight(to: to, from: from)
    return copy
  }

  /// Black is no light, whatever code that has in the values where it is seen; nil where it is 0.
  private func blackness(_ steps: [ColourStep], subject: String, in workspace: inout PlanningWorkspace) throws
    -> ColourProcess?
  {
    guard !steps.isEmpty else { return nil }
    var process = ColourProcess(context: workspace.colourContext(), steps: steps)
    process.compiled = try answer(
      process, .light, .light, "black of \(subject)", isPicture: false, in: &workspace)?.compiled
    return process
  }

  private func source(_ node: ImageNode, in workspace: PlanningWorkspace) -> CompileColourTask.Source {
    if case .composite(let composite, _)? = node.sized, composite.light != nil { return .light }
    let videos = workspace.files.lazy.filter { file in node.sources.contains { $0.media == file.identity } }
      .compactMap(\.facts.video)
    return videos.contains { $0.pixelFormat.contains("f32") || $0.pixelFormat.contains("f16") }
      ? .light : .codes
  }

  // MARK: Compiling

  private func compiled(
    _ processes: [ColourProcess], more: [ColourStep], of below: ImageNode,
    source: CompileColourTask.Source, target: CompileColourTask.Target, black: ColourProcess.Black,
    subject: String, in workspace: inout PlanningWorkspace
  ) throws -> ImageNode {
    let steps = Self.joined(processes.flatMap(\.steps) + more)
    guard !steps.isEmpty || !black.steps.isEmpty else { return below }
    var context = processes.first { !$0.context.variables.isEmpty }?.context
    context = context ?? processes.first { $0.context.config != nil }?.context
    var process = ColourProcess(
      context: context ?? workspace.colourContext(), steps: steps, black: black.steps.isEmpty ? nil : black)
    let answer = try answer(
      process, source, target, subject, isPicture: !steps.isEmpty, in: &workspace)
    process.compiled = answer?.compiled
    return .colour(process, of: below)
  }

  /// Conversions that follow each other as one, and those to where one is as none.
  private static func joined(_ steps: [ColourStep]) -> [ColourStep] {
    var joined: [ColourStep] = []
    for step in steps {
      if case .convert(let from, let to) = step {
        if case .convert(let first, from)? = joined.last {
          joined.removeLast()
          if first != to { joined.append(.convert(from: first, to: to)) }
        } else if from != to {
          joined.append(step)
        }
        continue
      }
      if case .view(let from, let display, let view) = step, case .convert(let first, from)? = joined.last {
        joined[joined.count - 1] = .view(from: first, display: display, view: view)
        continue
      }
      joined.append(step)
    }
    return joined
  }

  private func answer(
    _ process: ColourProcess, _ source: CompileColourTask.Source, _ target: CompileColourTask.Target,
    _ subject: String, isPicture: Bool = true, in workspace: inout PlanningWorkspace
  ) throws -> CompileColourTask.Output? {
    let input = CompileColourTask.Input(
      process: process, source: source, target: target, location: value?.location ?? stage.location,
      excerpt: value?.excerpt, subject: subject,
      builtBy: "\(workspace.tools.kernels); \(workspace.tools.colour)")
    let key = CompileColourTask.key(input)
    if let known = workspace.colours[key] {
      if isPicture { workspace.note(known, of: stage.name, subject: subject) }
      return known
    }
    let node = TaskNode(
      key: key, kind: CompileColourTask.identifier, version: CompileColourTask.version, stage: stage.name,
      label: "colours of \(subject)", payload: try JSONBytes.encode(input),
      reason: "colour files are checked, and the fastest proven form is found, before planning",
      needs: TaskNeeds(memoryBytes: 512 << 20), subject: subject,
      ingredients: CompileColourTask.ingredients(input))
    guard let output = try workspace.answer(to: node, as: CompileColourTask.Output.self) else { return nil }
    workspace.colours[key] = output
    if isPicture { workspace.note(output, of: stage.name, subject: subject) }
    return output
  }

  // MARK: Drawings

  /// Drawings are sRGB; their white is the display's graphic white. Source: ITU-R BT.2408, 203 cd/m² in HDR.
  private func drawings(_ subject: String, in workspace: inout PlanningWorkspace) throws -> ColourProcess? {
    guard let colour = workspace.pipeline.colour, let output else { return nil }
    let space = output.space.flatMap { colour.outline.space($0) }
    let names =
      space?.isDisplay == true
      ? ["sRGB - Display", "Output - sRGB", "sRGB"]
      : ["sRGB - Texture", "texture_paint", "color_picking", "sRGB"]
    guard let space, let from = names.lazy.compactMap({ colour.outline.space($0) }).first else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "colour.noDrawings", location: value?.location ?? stage.location,
          message:
            "`\(stage.name)` has titles or burn-ins, which are sRGB, and the config does not say what sRGB is to "
            + output.words,
          remedy: "Give the config a space called \(names[0]), or deliver without them.",
          excerpt: value?.excerpt)
      ])
    }
    guard from.name != space.name else { return nil }
    let isHDR = space.encoding == "hdr-video"
    let white = Double(output.graphicWhite ?? (isHDR ? 203 : 100)) / 100
    var steps: [ColourStep] = [.convert(from: from.name, to: space.name)]
    if space.isDisplay, white != 1,
      let light = colour.outline.space("cie_xyz_d65_interchange") ?? colour.outline.space("CIE-XYZ-D65")
    {
      steps = [
        .convert(from: from.name, to: light.name), .scale(white),
        .convert(from: light.name, to: space.name),
      ]
    }
    var process = ColourProcess(context: workspace.colourContext(), steps: steps)
    guard
      let answer = try answer(process, .light, .light, "drawings over \(subject)", in: &workspace)
    else { return process }
    process.compiled = answer.compiled
    return process
  }
}

extension ImageNode {
  /// Whether colour steps are to be compiled anywhere in it.
  fileprivate var hasColour: Bool {
    switch self {
    case .colour: true
    case .source, .black: false
    case .composite(let composite, _): composite.light != nil
    case .sizing(_, let below), .grade(_, let below), .look(_, let below), .graphics(_, let below),
      .matte(_, let below):
      below.hasColour
    case .transition(_, let outgoing, let incoming): outgoing.hasColour || incoming.hasColour
    case .layers(_, let pictures): pictures.contains(where: \.hasColour)
    }
  }

  /// Whether a mix has pictures that may not cover all of the raster.
  fileprivate var mayBeOpen: Bool {
    switch self {
    case .sizing(let sizing, let below):
      sizing.adjustment != nil || sizing.scaling != nil || below.mayBeOpen
    case .source, .black: false
    // What is sized in float says what it covers.
    case .composite(let composite, _): composite.light != nil
    case .grade(_, let below), .look(_, let below), .colour(_, let below), .graphics(_, let below),
      .matte(_, let below):
      below.mayBeOpen
    case .transition(_, let outgoing, let incoming): outgoing.mayBeOpen || incoming.mayBeOpen
    case .layers(_, let pictures): pictures.contains(where: \.mayBeOpen)
    }
  }

  /// Whether it is made of several pictures.
  fileprivate var isMix: Bool {
    switch self {
    case .transition, .layers: true
    default: false
    }
  }
}

extension PlanningWorkspace {
  /// The config of the programme, as an object of the store; nothing where colour is not managed.
  mutating func colourContext(_ variables: [String: String] = [:]) -> ColourContext {
    guard let colour = pipeline.colour else { return ColourContext(config: nil) }
    if configFiles == nil {
      let files = colour.files.files.mapValues { object($0) }
      let list = ColourConfigFiles(
        config: colour.files.config, files: files, isShipped: colour.files.isShipped)
      configFiles = (try? JSONBytes.encode(list)).map { object($0) }
    }
    return ColourContext(config: configFiles, name: colour.name, variables: variables)
  }

  /// How pictures of a stage are shown to people; nil where they are a display's already.
  func viewing(of stage: String) -> ColourOutput? {
    guard let colour = pipeline.colour else { return nil }
    let space = colourSpace(of: stage).flatMap { colour.outline.space($0) }
    return space?.isDisplay == true ? nil : colour.viewing
  }

  /// Brings pictures of a stage to what contact sheets and scopes show.
  func view(of stage: String, for asking: StageDeclaration) -> ColourFinish {
    ColourFinish(
      stage: asking, value: nil, output: viewing(of: stage),
      target: .codes(bitDepth: 10, matrix: "gbr", isFullRange: true), space: colourSpace(of: stage))
  }

  /// The space of a stage's pictures: its own, or that of the stage it takes them from.
  func colourSpace(of stage: String) -> String? {
    if let space = colourSpaces[stage] { return space }
    guard let source = pipeline.stage(named: stage)?.declaration.wires["picture"] else {
      return pipeline.colour?.working
    }
    return colourSpace(of: source)
  }

  fileprivate mutating func note(_ output: CompileColourTask.Output, of stage: String, subject: String) {
    colourPlans[stage, default: ColourPlan(stage: stage)].add(output, subject: subject)
  }
}

/// How the colours of a stage's pictures are computed, for `plan`.
package struct ColourPlan: Codable, Sendable {
  package struct Form: Codable, Sendable {
    /// `identity`, `table`, `steps` or `exact`.
    package var form: String
    package var processors: Int
    /// The largest difference from the exact transform, in codes of the deliverable.
    package var largestError: Double
    /// Why this form and no faster one; of the first that has it.
    package var reason: String
    /// One of the pictures that have it.
    package var example: String
  }

  package var stage: String
  package var forms: [Form] = []
  /// What was counted: shots with the same grade share a processor.
  private var counted: Set<Digest> = []

  private enum CodingKeys: String, CodingKey {
    case stage, forms
  }

  fileprivate init(stage: String) { self.stage = stage }

  fileprivate mutating func add(_ output: CompileColourTask.Output, subject: String) {
    guard counted.insert(output.compiled.program).inserted else { return }
    let (form, error) = (output.compiled.form.rawValue, output.compiled.error)
    if let index = forms.firstIndex(where: { $0.form == form }) {
      forms[index].processors += 1
      forms[index].largestError = max(forms[index].largestError, error)
    } else {
      forms.append(
        Form(form: form, processors: 1, largestError: error, reason: output.reason, example: subject))
    }
  }
}
