import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import ObjectStore
import Planning

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check that this machine has what Interlock needs.")

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Check: Encodable {
    var name: String
    var isGood: Bool
    var found: String
    var remedy: String?
    /// Nothing is wrong, but something that some users need is not there.
    var isNote = false
  }

  func run() async throws {
    var checks = await worker()
    checks.append(memory())
    checks += try storage()
    checks.append(await converter())
    checks.append(openJobs())
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(checks, isPretty: true), as: UTF8.self))
    } else {
      for check in checks {
        Outcome.printResult("\(check.isGood ? "✓" : "✗") \(check.name): \(check.found)")
        if let remedy = check.remedy, !check.isGood || check.isNote { Outcome.printResult("    \(remedy)") }
      }
    }
    if checks.contains(where: { !$0.isGood }) { throw ExitCode(1) }
  }

  private func worker() async -> [Check] {
    do {
      let tools = try await WorkerExecutable.identity()
      return [
        Check(name: "worker", isGood: true, found: "\(tools.libraries); \(tools.kernels)", remedy: nil),
        Check(
          name: "drawing", isGood: !tools.drawing.contains(", 0 fonts"), found: tools.drawing,
          remedy: "Install fonts-noto-core and fonts-noto-cjk: titles are set in them."),
      ]
    } catch {
      let message = (error as? DiagnosticList)?.diagnostics.first?.message ?? "\(error)"
      return [
        Check(
          name: "worker", isGood: false, found: message,
          remedy:
            "Install libavformat59, libavcodec59, libswscale6, libswresample4, libebur128-1, libopencolorio2.1 and libpangocairo-1.0-0, and build with `make build`."
        )
      ]
    }
  }

  /// Only cuts that Interlock does not read itself need OpenTimelineIO: without it nothing is wrong.
  private func converter() async -> Check {
    func note(_ found: String, _ remedy: String?) -> Check {
      Check(name: "cut converter", isGood: true, found: found, remedy: remedy, isNote: remedy != nil)
    }
    guard let converter = OTIOConverter.installed() else {
      return note("otioconvert is not installed; AAF and xges cuts are not read", OTIOConverter.instruction)
    }
    guard let adapters = try? await converter.adapters() else {
      return note("otioconvert at \(converter.path) does not start", OTIOConverter.instruction)
    }
    let names = adapters.adapters.filter(\.canRead).map(\.name).sorted().joined(separator: ", ")
    let found = "OpenTimelineIO \(adapters.version) at \(converter.path) reads \(names)"
    guard adapters.reads("aaf"), let pyaaf2 = adapters.pyaaf2 else {
      return note(
        found + "; AAF is not read",
        "Install its adapter: `\(converter.python) -m pip install otio-aaf-adapter pyaaf2`.")
    }
    return note(found + "; pyaaf2 \(pyaaf2) lists the effects of AAF", nil)
  }

  /// Only `run --executor openjd` needs the runtime.
  private func openJobs() -> Check {
    do {
      let program = try OpenJobProgram.found()
      return Check(
        name: "openjd", isGood: true, found: "Open Job Description's runtime at \(program.path)", remedy: nil)
    } catch {
      let remedy = (error as? DiagnosticList)?.diagnostics.first?.remedy
      return Check(
        name: "openjd", isGood: true, found: "not installed; `run --executor openjd` needs it",
        remedy: remedy,
        isNote: true)
    }
  }

  private func memory() -> Check {
    let bytes = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    let cores = Int64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let each = bytes / cores
    return Check(
      name: "memory", isGood: each >= 1 << 30,
      found: String(format: "%.1f GB for %d cores", Double(bytes) / 1e9, Int(cores)),
      remedy: "A worker may use 1 GB; run with fewer --workers.")
  }

  private func storage() throws -> [Check] {
    let production = try production.existing()
    let path = production?.root ?? FilePaths.current
    let system = FileSystem(root: path)
    let free = system.freeBytes(at: path) ?? 0
    let storage = system.storage(at: path)
    return [
      Check(
        name: "space", isGood: free > 10 << 30,
        found: String(format: "%.0f GB free at %@", Double(free) / 1e9, path),
        remedy: "Free space or choose another production folder."),
      Check(
        name: "storage", isGood: true,
        found: storage.isShared
          ? StorageNote.text(storage)
          : "local file system (\(storage.type)): the ledger keeps a write-ahead log",
        remedy: nil),
    ]
  }
}
