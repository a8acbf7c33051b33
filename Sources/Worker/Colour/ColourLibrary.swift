import ColorGrading
import Colour
import Diagnostics
import Digests
import Foundation
import ImageGraph
import ObjectStore
import TaskKinds

/// Makes processors of colour steps: lays the objects they name out as the files that OpenColorIO reads.
final class ColourLibrary {
  private let store: ObjectStore
  /// Where the files go; the attempt's, and removed with it.
  private let scratch: String
  private var loaded: [Digest: LoadedColour] = [:]
  /// What the user calls the files that were laid out, by the names they have there.
  private var names: [String: String] = [:]

  init(store: ObjectStore, scratch: String) {
    self.store = store
    self.scratch = scratch
  }

  /// Of a task: its files go with the attempt.
  convenience init(_ context: TaskContext) {
    self.init(store: context.store, scratch: context.attempt.path + "/colour.part")
  }

  /// Takes the files away; processors have read them.
  func clear() { try? FileManager.default.removeItem(atPath: scratch) }

  /// What a compiled process is applied with.
  func program(_ process: ColourProcess) throws -> LoadedColour {
    guard let compiled = process.compiled else {
      throw WorkerFailure(verification: "the plan names colour steps that were not compiled")
    }
    if let known = loaded[compiled.program] { return known }
    let bytes = try store.bytes(of: compiled.program)
    let program = try JSONDecoder().decode(ColourProgram.self, from: Data(bytes))
    let made = LoadedColour(
      form: try form(program), black: program.black.map { SIMD3($0) }, isUnder: program.isUnder == true)
    loaded[compiled.program] = made
    return made
  }

  private func form(_ program: ColourProgram) throws -> LoadedColour.Form {
    switch program.form {
    case .identity: return .identity
    case .table:
      return .kernel(
        GradeKernel(
          decision: try program.decision.map(GradeKernel.Decision.init),
          look: try program.table.map { try LookTable(canonical: store.bytes(of: $0)) }))
    case .steps:
      guard let steps = try program.steps.flatMap({ ColourSteps(canonical: try store.bytes(of: $0)) }) else {
        throw WorkerFailure(verification: "an object of the plan is no colour chain")
      }
      return .steps(steps)
    case .exact:
      guard program.library == ColourConfig.libraryIdentity, let steps = program.process else {
        throw WorkerFailure(
          verification: "the plan's colours were compiled with \(program.library), here is "
            + ColourConfig.libraryIdentity)
      }
      return .processor(try processor(steps))
    }
  }

  /// - Throws: `ColourManagementError`; what the store or a LUT throws.
  func processor(_ process: ColourProcess) throws -> ColourProcessor {
    defer { clear() }
    let config = try config(process.context)
    return try ColourProcessor(transforms(process.steps), config: config)
  }

  func config(_ context: ColourContext) throws -> ColourConfig {
    guard let digest = context.config else { return try ColourConfig() }
    let list = try JSONDecoder().decode(ColourConfigFiles.self, from: Data(store.bytes(of: digest)))
    let name = "config-\(digest.hex.prefix(16))"
    let folder = "\(scratch)/\(name)"
    names[name + "/"] = ""
    for (path, object) in list.files { try write(store.bytes(of: object), to: "\(folder)/\(path)") }
    if list.isShipped {
      for curve in CameraCurve.allCases { try write(curve.file, to: "\(folder)/\(curve.fileName)") }
    }
    let config = try ColourConfig(reading: "\(folder)/\(list.config)")
    for (name, value) in context.variables.sorted(by: { $0.key < $1.key }) {
      try config.set(name, to: value)
    }
    return config
  }

  func transforms(_ steps: [ColourStep]) throws -> [ColourTransform] { try steps.map(transform) }

  func transform(_ step: ColourStep) throws -> ColourTransform {
    switch step {
    case .convert(let from, let to): .space(from: from, to: to)
    case .view(let from, let display, let view): .view(from: from, display: display, view: view)
    case .looks(let names, let from, let to): .looks(names, from: from, to: to)
    case .decision(let grade, let clamps):
      .decision(try GradeKernel.Decision(grade), clamps ? .asc : .noClamp)
    case .scale(let factor): .matrix([factor, 0, 0, 0, factor, 0, 0, 0, factor])
    case .table(let table): try transform(table)
    }
  }

  /// Cubes are read by our own reader, which knows both dialects and says where a file is wrong.
  private func transform(_ table: ColourStep.ColourTable) throws -> ColourTransform {
    let bytes = try store.bytes(of: table.object)
    if table.fileExtension == "cube" {
      return .table(try LookTable(CubeFile.read(path: table.name, bytes: bytes)))
    }
    let name = "\(table.object.hex.prefix(16)).\(table.fileExtension)"
    let path = "\(scratch)/\(name)"
    names[name] = String(table.name.split(separator: "/").last ?? "")
    try write(bytes, to: path)
    return .file(path, style: table.clamps ? .asc : .noClamp)
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// The library's words without what only the worker knows: where files lie, and every format it tried.
  func words(_ error: ColourManagementError) -> String {
    var text = error.message
    if let first = text.range(of: "failed with: ") {
      text = String(text[first.upperBound...])
      if let next = text.range(of: "    '") { text = String(text[..<next.lowerBound]) }
    } else if text.contains("All formats have been tried") {
      text = "it is in none of the formats that are read"
    }
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    text = lines.filter { !$0.isEmpty }.joined(separator: " ")
    text = text.replacingOccurrences(of: scratch + "/", with: "")
    for (name, typed) in names { text = text.replacingOccurrences(of: name, with: typed) }
    while text.hasSuffix(".") { text.removeLast() }
    return text
  }
}

/// Colour steps, ready to be applied.
struct LoadedColour {
  enum Form {
    case identity
    case kernel(GradeKernel)
    case steps(ColourSteps)
    case processor(ColourProcessor)
  }

  var form = Form.identity
  /// Red, green and blue where the picture does not reach; nil for 0.
  var black: SIMD3<Float>?
  /// Whether that lies under what the picture covers in part.
  var isUnder = false

  /// What the kernels apply on the way of a picture.
  var kernel: GradeKernel? {
    if case .kernel(let kernel) = form { kernel } else { nil }
  }

  /// Transforms a float picture where it lies; what the kernels apply on its way is left to them.
  func apply(to picture: PictureBuffer) throws {
    try picture.withDestination { try apply(to: $0, width: picture.width, height: picture.height) }
  }

  /// The same of planes G', B', R' of binary32.
  func apply(to planes: [DestinationPlane], width: Int, height: Int) throws {
    switch form {
    case .identity, .kernel: break
    case .steps(let steps): steps.apply(to: planes, width: width, height: height)
    case .processor(let processor): try processor.apply(to: planes, width: width, height: height)
    }
  }

  /// Transforms pixels of red, green and blue side by side.
  func apply(_ pixels: inout [Float]) throws {
    switch form {
    case .identity: break
    case .kernel(let kernel): try kernel.apply(&pixels)
    case .steps(let steps): steps.apply(&pixels)
    case .processor(let processor): try processor.apply(&pixels)
    }
  }
}

extension GradeKernel.Decision {
  init(_ grade: Grade) throws {
    try self.init(
      slope: SIMD3(grade.slope), offset: SIMD3(grade.offset), power: SIMD3(grade.power),
      saturation: grade.saturation)
  }
}
