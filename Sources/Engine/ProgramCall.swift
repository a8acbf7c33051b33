import Subprocess
import SystemPackage

/// What a short program printed and how it ended.
package struct ProgramAnswer: Sendable, Hashable {
  /// Its exit code, 128 + n after signal n; nil when it was given up, or could not be started.
  package var status: Int32?
  package var output: String
  package var errors: String

  package init(status: Int32?, output: String = "", errors: String = "") {
    self.status = status
    self.output = output
    self.errors = errors
  }
}

/// Calls a program with a list of arguments, without a shell, and takes what it prints.
///
/// - Parameters:
///   - program: a name to be found along `PATH`, or a path.
///   - limit: after which it is ended; what it has done by then nobody knows.
package func callProgram(
  _ program: String, _ arguments: [String], environment: [String: String], limit: Duration
) async -> ProgramAnswer {
  await withTaskGroup(of: ProgramAnswer?.self) { group in
    group.addTask { await answer(of: program, arguments, environment) }
    group.addTask {
      try? await Task.sleep(for: limit)
      return nil
    }
    let first = await group.next() ?? nil
    group.cancelAll()
    return first
      ?? ProgramAnswer(status: nil, errors: "\(program) did not answer within \(limit.inSeconds) s")
  }
}

private func answer(
  of program: String, _ arguments: [String], _ environment: [String: String]
) async -> ProgramAnswer {
  var options = PlatformOptions()
  // A Ctrl-C is meant for us.
  options.processGroupID = 0
  do {
    let result = try await Subprocess.run(
      program.contains("/") ? .path(.init(program)) : .name(program), arguments: Arguments(arguments),
      environment: .custom(
        Dictionary(uniqueKeysWithValues: environment.map { (.init(stringLiteral: $0.key), $0.value) })),
      platformOptions: options, output: .string(limit: 1 << 28), error: .string(limit: 1 << 20))
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return ProgramAnswer(status: status, output: result.standardOutput, errors: result.standardError)
  } catch {
    return ProgramAnswer(status: nil, errors: "\(error)")
  }
}
