import Diagnostics
import Foundation
import Glibc
package import Planning
import Subprocess
import SystemPackage

/// The executable `interlock-worker`, beside this one: everything that opens media happens there.
package enum WorkerExecutable {
  static let path: String = {
    let own = FilePaths.real("/proc/self/exe") ?? CommandLine.arguments[0]
    return FilePaths.folder(of: own) + "/interlock-worker"
  }()

  /// Replaces this process by the worker.
  static func replaceProcess(arguments: [String]) throws -> Never {
    var pointers = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    unsafe execv(path, &pointers)
    throw missing(unsafe String(cString: strerror(errno)))
  }

  /// Which libraries and kernels it makes bytes with.
  package static func identity() async throws -> ToolIdentity {
    let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
    do {
      result = try await run(
        .path(.init(path)), arguments: ["identity"], output: .string(limit: 1 << 16),
        error: .string(limit: 1 << 16))
    } catch {
      throw missing("\(error)")
    }
    guard result.terminationStatus.isSuccess,
      let identity = try? JSONDecoder().decode(ToolIdentity.self, from: Data(result.standardOutput.utf8))
    else { throw missing(result.standardError) }
    return identity
  }

  private static func missing(_ reason: String) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        severity: .error, family: .failed, code: "worker.unusable", location: nil,
        message: "cannot start interlock-worker, which must lie beside interlock: \(reason)",
        remedy: "Build both with `swift build -c release`, and see `interlock doctor`.")
    ])
  }
}
