import Diagnostics

/// A JSON value with its place in the file.
struct JSONValue: Sendable {
  enum Content: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Also integers beyond 64 bits, `NaN` and infinities.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])
  }

  struct Member: Sendable {
    var key: String
    var value: JSONValue
  }

  var content: Content
  var line: Int32
  var column: Int32

  func location(in file: String) -> SourceLocation {
    SourceLocation(file: file, line: Int(line), column: Int(column))
  }

  /// The member's value; `nil` for `null`, for a missing key and for anything but an object.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = content, let member = members.last(where: { $0.key == key }) else {
      return nil
    }
    if case .null = member.value.content { return nil }
    return member.value
  }

  var string: String? {
    if case .string(let text) = content { return text }
    return nil
  }

  var bool: Bool? {
    if case .bool(let value) = content { return value }
    return nil
  }

  var array: [JSONValue]? {
    if case .array(let values) = content { return values }
    return nil
  }

  var members: [Member]? {
    if case .object(let members) = content { return members }
    return nil
  }

  /// A finite number.
  var double: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .number(let value) where value.isFinite: value
    default: nil
    }
  }

  /// A number without a fraction that 64 bits hold exactly, also when written as `24.0`.
  var integer: Int64? {
    switch content {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }
}
