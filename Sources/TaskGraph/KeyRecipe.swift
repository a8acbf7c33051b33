package import Digests

/// What the key of a task is made of, described once: the same calls make the key and, when asked, its ingredients, so
/// that neither can hold what the other lacks.
package struct KeyRecipe: Sendable {
  private var encoder: CanonicalEncoder
  private let isRecording: Bool
  /// In the order in which they enter the key; empty unless they are recorded.
  package private(set) var ingredients: [Ingredient] = []

  /// - Parameter isRecording: whether ingredients are wanted; making only the key costs no more than its encoding.
  package init(kind: String, version: Int, isRecording: Bool = false) {
    encoder = CanonicalEncoder(domain: "interlock.task.\(kind)", version: version)
    self.isRecording = isRecording
    if isRecording {
      ingredients.append(Ingredient("version", "\(version)", group: "code of \(kind)"))
    }
  }

  package var key: TaskKey { encoder.digest() }

  /// A value that is its own description.
  ///
  /// - Parameter name: what people call it; it does not enter the key.
  package mutating func add(_ name: String, _ value: Int64, group: String? = nil) {
    encoder.append(value)
    record(name, "\(value)", group)
  }

  package mutating func add(_ name: String, _ value: Int, group: String? = nil) {
    encoder.append(value)
    record(name, "\(value)", group)
  }

  package mutating func add(_ name: String, _ value: Bool, group: String? = nil) {
    encoder.append(value)
    record(name, value ? "yes" : "no", group)
  }

  package mutating func add(_ name: String, _ value: String, group: String? = nil) {
    encoder.append(value)
    record(name, value, group)
  }

  /// The key of another task, or the digest of an object.
  package mutating func add(_ name: String, _ value: Digest, group: String? = nil) {
    encoder.append(value)
    record(name, value.hex, group)
  }

  /// Fields that belong together, with what people call them.
  ///
  /// - Parameters:
  ///   - group: what they are, e.g. `picture`; their digest is recorded with it. Without it the words are the whole
  ///     description, each with a digest of what it leaves out.
  ///   - words: the fields in words, evaluated when ingredients are recorded; they may leave details out.
  ///   - encode: appends every field.
  package mutating func add(
    group: String?, words: @autoclosure () -> [Ingredient] = [], _ encode: (inout CanonicalEncoder) -> Void
  ) {
    let start = encoder.bytes.count
    encode(&encoder)
    guard isRecording else { return }
    ingredients += words()
    guard let group else { return }
    let digest = Digest.sha256(encoder.bytes[start...])
    ingredients.append(Ingredient(Ingredient.digest, digest.shortHex, group: group))
  }

  private mutating func record(_ name: String, _ value: @autoclosure () -> String, _ group: String?) {
    if isRecording { ingredients.append(Ingredient(name, value(), group: group)) }
  }
}

extension Digest {
  /// Sixteen of the digits: enough to tell any two values of one ingredient apart.
  package var shortHex: String { String(hex.prefix(16)) }
}
