import Diagnostics
import Digests
import Foundation
import ObjectStore
import Planning

/// Says which root keeps a file of a production.
struct ExplainedSpace {
  let survey: SpaceSurvey
  let json: Bool

  init(_ survey: SpaceSurvey, json: Bool) {
    self.survey = survey
    self.json = json
  }

  private struct Answer: Encodable {
    var digest: String
    var what: String
    var byteCount: Int64
    var freedBytes: Int64
    var isKept: Bool
    /// From near to far.
    var because: [String]
  }

  func print(_ target: String) throws {
    let digest = try find(target)
    let object = survey.inventory.objects[digest]
    let result = survey.inventory.results[digest]
    let maker = survey.makers()[digest]
    let because = survey.reasons(for: digest)
    let answer = Answer(
      digest: digest.hex,
      what: result.map { "result of a task, \($0.kind)" } ?? "object" + (maker.map { ", \($0.name)" } ?? ""),
      byteCount: (object ?? result?.space)?.byteCount ?? 0,
      freedBytes: (object ?? result?.space)?.freedBytes ?? 0, isKept: !because.isEmpty, because: because)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
      return
    }
    Outcome.printResult("\(answer.what), \(AssetText.size(answer.byteCount)), \(answer.digest)")
    for (depth, words) in because.enumerated() {
      Outcome.printResult(String(repeating: "  ", count: depth + 1) + "kept by \(words)")
    }
    if because.isEmpty { Outcome.printResult("  nothing needs it: the next gc sets it aside") }
    if answer.isKept, answer.freedBytes == 0, answer.byteCount > 0 {
      Outcome.printResult("  it has another name, so removing it here would free nothing")
    }
  }

  private func find(_ target: String) throws -> Digest {
    let path = FilePaths.resolve(target, from: FilePaths.current)
    for version in survey.versions {
      for file in version.files where Self.isSame(version.path(of: file, in: survey.store.production), path) {
        return file.digest
      }
    }
    let all = Array(survey.inventory.objects.keys) + survey.inventory.results.keys
    let found = target.count >= 6 ? all.filter { $0.hex.hasPrefix(target) } : []
    if found.count == 1 { return found[0] }
    throw DiagnosticList([
      Diagnostic(
        family: found.isEmpty ? .usage : .ambiguous, code: "gc.unknown",
        message: found.isEmpty
          ? "`\(target)` is no published file, object or result of this production"
          : "`\(target)` is the beginning of \(found.count) digests",
        remedy: "Give a published file, or the first 6 or more digits of an object or a result.")
    ])
  }

  private static func isSame(_ published: String, _ typed: String) -> Bool {
    published == typed || FilePaths.real(typed) == published
  }
}
