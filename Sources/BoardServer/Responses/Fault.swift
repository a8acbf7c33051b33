import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore

/// An error as an answer.
package struct Fault {
  var status: HTTPResponse.Status
  package var heading: String
  package var message: String
  package var remedy: String?
  package var code: String
  /// Each fault of several, in full.
  package var details: [String] = []
  var headers: HTTPFields = [:]

  /// The number of the status.
  package var statusCode: Int { status.code }

  package init(_ error: any Error) {
    switch error {
    case Doorkeeper.Refusal.wrongName:
      self.init(
        .misdirectedRequest, "Not this server",
        "this server answers only as 127.0.0.1 or localhost, with its port",
        code: "request.wrongName")
    case Doorkeeper.Refusal.noKey:
      self.init(
        .unauthorized, "Key needed", "the key that `interlock serve` printed is missing",
        remedy: "Open the address it printed; programs send `Authorization: Bearer KEY`.",
        code: "request.noKey")
      headers[.wwwAuthenticate] = "Bearer"
    case let refused as Refused: self.init(of: refused)
    case Doorkeeper.Refusal.otherOrigin:
      self.init(
        .forbidden, "Refused", "this request comes from a page of another origin, and changes something here",
        code: "request.otherOrigin")
    case Doorkeeper.Refusal.noToken:
      self.init(
        .forbidden, "Refused",
        "the form is not of this server, or the server was started anew since it was loaded",
        remedy: "Load the page again and decide again.", code: "request.noToken")
    case let list as DiagnosticList:
      self.init(of: list.diagnostics.first { $0.severity == .error } ?? list.diagnostics.first)
    case let diagnostic as Diagnostic: self.init(of: diagnostic)
    case is NIOTooManyBytesError:
      self.init(
        .contentTooLarge, "Too much", "more was sent than this server takes", code: "request.tooLarge")
    case let error as any HTTPResponseError:
      switch error.status {
      case .notFound:
        self.init(.notFound, "Nothing here", "there is nothing at this address", code: "request.notFound")
      case .serviceUnavailable:
        self.init(
          .serviceUnavailable, "Too many", "as many streams of events are open as this server keeps",
          code: "request.tooManyStreams")
      default:
        self.init(
          error.status, error.status.reasonPhrase,
          (error as? HTTPError)?.body ?? "the request cannot be answered",
          code: "request.refused")
        headers = (error as? HTTPError)?.headers ?? [:]
      }
    default:
      self.init(.internalServerError, "Something went wrong", "\(error)", code: "server.failed")
    }
  }

  private init(of refused: Refused) {
    self.init(
      refused.status, "It was not done", refused.message, remedy: refused.remedy, code: refused.code)
    details = refused.faults.map(\.description)
  }

  private init(of diagnostic: Diagnostic?) {
    guard let diagnostic else {
      self.init(.internalServerError, "Something went wrong", "nothing is known of it", code: "server.failed")
      return
    }
    let status: HTTPResponse.Status
    switch diagnostic.family {
    case .usage, .ambiguous: status = .notFound
    case .inputMissing: status = .notFound
    case .verification: status = .conflict
    case .transient: status = .serviceUnavailable
    case .failed: status = .internalServerError
    }
    self.init(
      status, status == .notFound ? "Nothing here" : "It did not work", diagnostic.message,
      remedy: diagnostic.remedy, code: diagnostic.code)
  }

  private init(
    _ status: HTTPResponse.Status, _ heading: String, _ message: String, remedy: String? = nil, code: String
  ) {
    (self.status, self.heading, self.message) = (status, heading, message)
    (self.remedy, self.code) = (remedy, code)
  }
}

/// A wish that is understood and cannot be fulfilled.
struct Refused: Error {
  var status: HTTPResponse.Status
  var code: String
  /// One sentence without a full stop.
  var message: String
  var remedy: String?
  /// What is wrong with what was sent.
  var faults: [Diagnostic] = []
}
