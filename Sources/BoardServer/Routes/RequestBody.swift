import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// What is sent along with a request, read as what it says it is and never beyond a size.
extension Request {
  private static let longest = 64 << 10

  /// The fields of a form.
  func form<Form: Decodable>(as type: Form.Type) async throws -> Form {
    try checkType("application/x-www-form-urlencoded", "a form")
    let body = try await self.body.collect(upTo: Self.longest)
    guard let form = try? URLEncodedFormDecoder().decode(type, from: String(buffer: body)) else {
      throw HTTPError(.badRequest)
    }
    return form
  }

  /// - Parameter shape: what is wanted, for people.
  func json<Value: Decodable>(
    as type: Value.Type, _ shape: String
  ) async throws -> Value {
    try checkType("application/json", "JSON")
    let body = try await self.body.collect(upTo: Self.longest)
    guard let value = try? JSONDecoder().decode(type, from: Data(body.readableBytesView)) else {
      throw HTTPError(.badRequest, message: "send \(shape)")
    }
    return value
  }

  /// Pages of others can send some types without asking the server first. Of these only forms are taken, which bring a
  /// token.
  ///
  /// - Parameter what: is wanted, in words.
  func checkType(_ wanted: String, _ what: String) throws {
    guard headers[.contentType]?.lowercased().hasPrefix(wanted) == true else {
      throw HTTPError(
        .unsupportedMediaType,
        message: "send \(what), with Content-Type: \(wanted)")
    }
  }
}
