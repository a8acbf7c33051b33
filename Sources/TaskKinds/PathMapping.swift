/// Where the folders of one machine are on another, as Open Job Description's `pathmapping-1.0` files say it.
///
/// The longest source that contains a path wins; of two that are as long the first. A path that no rule names stays.
package struct PathMapping: Hashable, Codable, Sendable {
  package struct Rule: Hashable, Codable, Sendable {
    /// `POSIX` or `WINDOWS`: how `source` is written.
    package var format: String
    package var source: String
    package var destination: String

    package init(format: String = "POSIX", source: String, destination: String) {
      self.format = format
      self.source = source
      self.destination = destination
    }

    private enum CodingKeys: String, CodingKey {
      case format = "source_path_format"
      case source = "source_path"
      case destination = "destination_path"
    }
  }

  package static let version = "pathmapping-1.0"

  package let rules: [Rule]

  package init(_ rules: [Rule]) { self.rules = rules }

  /// - Throws: `DecodingError` when it is no `pathmapping-1.0`; an empty object is one without rules, as runtimes write it.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard !container.allKeys.isEmpty else {
      rules = []
      return
    }
    let version = try container.decode(String.self, forKey: .version)
    guard version == Self.version else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: container, debugDescription: "the version is \(version), not \(Self.version)")
    }
    rules = try container.decodeIfPresent([Rule].self, forKey: .rules) ?? []
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.version, forKey: .version)
    try container.encode(rules, forKey: .rules)
  }

  private enum CodingKeys: String, CodingKey {
    case version
    case rules = "path_mapping_rules"
  }

  /// The same file or folder here; nil when no rule names it.
  package func destination(of path: String) -> String? {
    var best: (length: Int, path: String)?
    for rule in rules {
      guard let rest = rule.rest(of: path), case let length = rule.source.utf8.count,
        length > best?.length ?? 0
      else { continue }
      best = (length, rest.isEmpty ? rule.destination : Self.joined(rule.destination, rest))
    }
    return best?.path
  }

  package func mapped(_ path: String) -> String { destination(of: path) ?? path }

  private static func joined(_ folder: String, _ rest: [Substring]) -> String {
    (folder.hasSuffix("/") ? String(folder.dropLast()) : folder) + "/" + rest.joined(separator: "/")
  }

  /// Given to a decoder, maps the paths of media as they are read.
  package static let userInfoKey: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "interlock.path-mapping") else {
      preconditionFailure("any text is a key")
    }
    return key
  }()
}

extension PathMapping.Rule {
  /// What of the path lies below the source, part by part; nil when it lies elsewhere.
  fileprivate func rest(of path: String) -> [Substring]? {
    let isWindows = format.uppercased() == "WINDOWS"
    func parts(_ text: String) -> [Substring] {
      text.split { $0 == "/" || (isWindows && $0 == "\\") }
    }
    // Rooted paths only: what is relative means another place on every machine.
    guard isWindows || (path.hasPrefix("/") && source.hasPrefix("/")) else { return nil }
    let (own, given) = (parts(source), parts(path))
    guard given.count >= own.count,
      zip(own, given).allSatisfy({ isWindows ? $0.lowercased() == $1.lowercased() : $0 == $1 })
    else { return nil }
    return Array(given.dropFirst(own.count))
  }
}
