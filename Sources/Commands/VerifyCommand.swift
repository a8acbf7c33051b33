import ArgumentParser
import Diagnostics
import Digests
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning
import TaskGraph

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read everything again and compare it with its digests.",
    discussion: """
      Damaged or missing objects and results are taken back, so that the next run makes them again. With --rebuild \
      the ledger is made anew from the result files alone.
      """)

  @OptionGroup var production: ProductionOptions

  @OptionGroup var waiting: WaitOptions

  @Flag(help: "Make the ledger anew from the result files.")
  var rebuild = false

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var results = 0
    var objects = 0
    var damagedResults: [String] = []
    var withdrawnResults: [String] = []
    var damagedFiles: [String] = []
    var versions = 0
    var unreadableVersions: [String] = []
    var ledgerAdded: Int?
    var ledgerRemoved: Int?
  }

  func run() async throws {
    let folder = try production.required()
    let store = ObjectStore(folder)
    let claim = try await waiting.claim(folder)
    defer { withExtendedLifetime(claim) {} }
    var report = Report()
    var withdrawn: [TaskKey] = []
    var checked: [Digest: Bool] = [:]
    let walk = try store.forEachResult { result in
      var isWhole = true
      for object in result.head.objects {
        if checked[object.digest] == nil { checked[object.digest] = try store.verifyObject(object.digest) }
        if checked[object.digest] == false { isWhole = false }
      }
      if !isWhole { withdrawn.append(result.head.key) }
    }
    for key in withdrawn { try store.withdrawResult(key) }
    report.results = walk.resultCount
    report.damagedResults = walk.damaged.map(\.hex)
    report.withdrawnResults = withdrawn.map(\.hex)
    report.objects = checked.count
    try verifyVersions(store, report: &report)
    let ledger = try Ledger.open(folder)
    if rebuild || !withdrawn.isEmpty || !walk.damaged.isEmpty {
      let rebuilt = try ledger.rebuild(from: store)
      report.ledgerAdded = rebuilt.added
      report.ledgerRemoved = rebuilt.removed
    }
    try present(report)
  }

  /// Published files are read through their own names: a copy or reflink may differ from its object.
  private func verifyVersions(_ store: ObjectStore, report: inout Report) throws {
    let publisher = VersionPublisher(store)
    for line in try publisher.lines() {
      let (versions, findings) = try publisher.versions(of: line)
      report.unreadableVersions += findings.map(\.description)
      for version in versions {
        report.versions += 1
        for file in version.files {
          let path = version.path(of: file, in: store.production)
          let digest = try? Digest.sha256(ofFileAt: path)
          if digest != file.digest {
            report.damagedFiles.append(String(path.dropFirst(store.production.root.count + 1)))
          }
        }
      }
    }
  }

  private func present(_ report: Report) throws {
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(report, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(
        "\(report.results) results, \(report.objects) objects and \(report.versions) versions read")
      if let added = report.ledgerAdded, let removed = report.ledgerRemoved {
        Outcome.printResult("ledger rebuilt: \(added) results added, \(removed) removed")
      }
      for key in report.withdrawnResults {
        Outcome.printResult("taken back, its object is missing or damaged: result \(key.prefix(12))")
      }
      for key in report.damagedResults {
        Outcome.printResult("damaged, in quarantine: result \(key.prefix(12))")
      }
      for file in report.damagedFiles { Outcome.printResult("not what was published: \(file)") }
    }
    if !json { for message in report.unreadableVersions { Outcome.printResult(message) } }
    let faults =
      report.unreadableVersions.count + report.withdrawnResults.count + report.damagedResults.count
      + report.damagedFiles.count
    if faults > 0 {
      Outcome.printError("\(faults) faults; run the pipeline again to have what is missing made again")
      throw ExitCode(4)
    }
  }
}
