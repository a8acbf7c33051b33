import ArgumentParser
import Diagnostics
import Editorial
import Foundation
import Planning

struct CutDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Say what changed from one cut to the next, clip by clip.",
    discussion: """
      Clips are recognised by their source and the frames they show, wherever they went. What moved together is one \
      line; `head` and `tail` are source frames gained or lost.

        interlock cut diff reel1_v14.edl reel1_v15.edl --rate 24
      """)

  @Argument(help: "The cut before.")
  var old: String

  @Argument(help: "The cut after.")
  var new: String

  @Option(help: "Frame rate of both, e.g. 24000/1001. An EDL does not say its own.")
  var rate: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let before = try await CutReading(cuts: [old], rate: rate).read()
    let after = try await CutReading(cuts: [new], rate: rate).read()
    guard before.rate == after.rate else {
      throw CutReading.usage(
        new, "the cuts run at \(before.rate) and \(after.rate) fps", "Export both at one rate.")
    }
    let list = ChangeList(from: before.flattened(), to: after.flattened())
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(list, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(list.text)
    }
    try Outcome.endWithFaults(before.faults + after.faults)
  }
}
