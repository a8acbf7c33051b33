import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Glibc

/// How a command ends: what is printed on standard error, and the exit code.
enum Outcome {
  /// Prints what went wrong and ends the process.
  static func end(with error: any Error) -> Never {
    switch error {
    case let list as DiagnosticList:
      printDiagnostics(list.diagnostics)
      exit(Int32(list.exitCode))
    case let diagnostic as Diagnostic:
      printDiagnostics([diagnostic])
      exit(Int32(diagnostic.family.rawValue))
    case let engine as EngineError:
      printError("error: \(engine)")
      exit(Int32(engine.exitCode))
    case is CancelledRun:
      exit(130)
    case let code as ExitCode:
      exit(code.rawValue)
    default:
      let code = InterlockCommand.exitCode(for: error)
      if code == .success || code == .validationFailure {
        // Help and usage errors in ArgumentParser's own words.
        InterlockCommand.exit(withError: error, usageCode: 2)
      }
      printError("error: \(error)")
      exit(1)
    }
  }

  /// Diagnostics on standard error, errors last so that they are what is still on the screen; a note on an error
  /// stays behind it.
  static func printDiagnostics(_ diagnostics: [Diagnostic]) {
    var others: [Diagnostic] = []
    var errors: [Diagnostic] = []
    var listed: [Diagnostic] = []
    for diagnostic in diagnostics {
      if diagnostic.severity == .error { errors.append(diagnostic) }
      let belongs = diagnostic.severity == .note && listed.last?.code == diagnostic.code
      if diagnostic.severity == .error || belongs {
        listed.append(diagnostic)
      } else {
        others.append(diagnostic)
      }
    }
    for diagnostic in others { printError(diagnostic.description) }
    for cause in causes(of: listed) {
      if cause.count > 1 { printError("\(cause.count) of one kind (\(cause[0][0].code)):") }
      for diagnostic in cause.joined() { printError(diagnostic.description) }
    }
    if errors.count > 1 { printError("\(errors.count) errors.") }
  }

  /// Errors of one code together, in the order in which the codes come up; a note stays behind its error.
  private static func causes(of listed: [Diagnostic]) -> [[[Diagnostic]]] {
    var order: [String] = []
    var groups: [String: [[Diagnostic]]] = [:]
    for diagnostic in listed {
      if groups[diagnostic.code] == nil { order.append(diagnostic.code) }
      if diagnostic.severity == .note, let last = groups[diagnostic.code]?.indices.last {
        groups[diagnostic.code]?[last].append(diagnostic)
      } else {
        groups[diagnostic.code, default: []].append([diagnostic])
      }
    }
    return order.compactMap { groups[$0] }
  }

  static func printError(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  static func printResult(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// A reader that went away, such as `head`, ends the output and not the work; a full disk ends both.
  static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0, errno != EINTR {
        guard errno != EPIPE, descriptor == STDOUT_FILENO else { return }
        printError("error: cannot write the result: \(unsafe String(cString: strerror(errno)))")
        exit(1)
      }
      done += max(0, count)
    }
  }
}

extension ParsableCommand {
  /// ArgumentParser ends usage errors with 64; the contract says 2.
  static func exit(withError error: any Error, usageCode: Int32) -> Never {
    let message = fullMessage(for: error)
    if exitCode(for: error) == .success {
      Outcome.printResult(message)
      Foundation.exit(0)
    }
    Outcome.printError(message)
    Foundation.exit(usageCode)
  }
}
