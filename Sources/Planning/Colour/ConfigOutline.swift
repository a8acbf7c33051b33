import Diagnostics

/// The names in an OpenColorIO config, read without the library, so that wrong ones are told when a pipeline is loaded.
struct ConfigOutline: Sendable {
  struct Space: Sendable {
    var name: String
    var aliases: [String]
    var encoding: String?
    /// Whether its values are those of a display.
    var isDisplay: Bool
    var isData: Bool
  }

  struct View: Sendable {
    var name: String
    /// The space of what it makes.
    var space: String?
  }

  private(set) var spaces: [Space] = []
  /// Space by role.
  private(set) var roles: [String: String] = [:]
  private(set) var displays: [(name: String, views: [View])] = []
  private(set) var looks: [String] = []
  /// Context variables that are declared.
  private(set) var variables: [String] = []
  /// Files named by transforms, as written; `$` and `%` mark variables.
  private(set) var files: Set<String> = []
  private(set) var searchPaths: [String] = []

  /// - Throws: what is no YAML, located.
  init(_ text: String, file: String) throws(DiagnosticList) {
    let root = try PipelineValue.parse(text, file: file, folder: "/")
    guard root["ocio_profile_version"] != nil else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "colour.noConfig", location: SourceLocation(file: file, line: 1),
          message: "the file is no OpenColorIO config: it has no `ocio_profile_version`",
          remedy: "Name a config.ocio, or write `config: aces`.")
      ])
    }
    for entry in root["roles"]?.entries ?? [] { roles[entry.key.lowercased()] = entry.value.scalar }
    for entry in root["environment"]?.entries ?? [] { variables.append(entry.key) }
    searchPaths = Self.paths(root["search_path"])
    readDisplays(root)
    let shown = Set(displays.flatMap(\.views).compactMap { $0.space?.lowercased() })
    readSpaces(root["display_colorspaces"], isDisplay: true, shown: shown)
    readSpaces(root["colorspaces"], isDisplay: false, shown: root["view_transforms"] == nil ? shown : [])
    looks = (root["looks"]?.values ?? []).compactMap { $0["name"]?.scalar }
    collectFiles(root)
  }

  private static func paths(_ value: PipelineValue?) -> [String] {
    let texts = (value?.values ?? []).compactMap(\.scalar)
    let paths = texts.flatMap { $0.split(separator: ":").map(String.init) }.filter { !$0.isEmpty }
    return paths.isEmpty ? ["."] : paths
  }

  private mutating func readDisplays(_ root: PipelineValue) {
    var shared: [String: View] = [:]
    func view(_ value: PipelineValue, of display: String) -> View? {
      guard let name = value["name"]?.scalar else { return nil }
      let space = value["display_colorspace"]?.scalar ?? value["colorspace"]?.scalar
      return View(name: name, space: space == "<USE_DISPLAY_NAME>" ? display : space)
    }
    for value in root["shared_views"]?.values ?? [] {
      if let view = view(value, of: "") { shared[view.name] = view }
    }
    for entry in root["displays"]?.entries ?? [] {
      let views = entry.value.values.flatMap { value -> [View] in
        // `!<Views> [a, b]` names shared ones.
        if let names = value.entries == nil ? value.values.compactMap(\.scalar) : nil {
          return names.compactMap { name in
            shared[name].map { View(name: name, space: $0.space?.isEmpty == true ? entry.key : $0.space) }
          }
        }
        return view(value, of: entry.key).map { [$0] } ?? []
      }
      displays.append((entry.key, views))
    }
  }

  private mutating func readSpaces(_ value: PipelineValue?, isDisplay: Bool, shown: Set<String>) {
    for space in value?.values ?? [] {
      guard let name = space["name"]?.scalar else { continue }
      let isData = space["isdata"]?.scalar == "true"
      let encoding = space["encoding"]?.scalar
      // Of configs without display spaces, those are one that views lead to.
      let leadsToView = shown.contains(name.lowercased()) && !isData && encoding != "scene-linear"
      spaces.append(
        Space(
          name: name, aliases: (space["aliases"]?.values ?? []).compactMap(\.scalar), encoding: encoding,
          isDisplay: isDisplay || leadsToView, isData: isData))
    }
  }

  private mutating func collectFiles(_ value: PipelineValue) {
    switch value.content {
    case .scalar: break
    case .list(let values): for value in values { collectFiles(value) }
    case .map(let entries):
      for entry in entries {
        if entry.key == "src", let text = entry.value.scalar, text.contains(".") || text.contains("$") {
          files.insert(text)
        }
        collectFiles(entry.value)
      }
    }
  }

  // MARK: Names

  /// The space of a name, an alias or a role; upper and lower case are one.
  func space(_ name: String) -> Space? {
    let wanted = (roles[name.lowercased()] ?? name).lowercased()
    return spaces.first { $0.name.lowercased() == wanted }
      ?? spaces.first { $0.aliases.contains { $0.lowercased() == wanted } }
  }

  func view(_ name: String, of display: String) -> View? {
    displays.first { $0.name == display }?.views.first { $0.name == name }
  }

  /// Everything that names a space.
  var spaceNames: [String] { spaces.flatMap { [$0.name] + $0.aliases } + roles.keys.sorted() }
}
