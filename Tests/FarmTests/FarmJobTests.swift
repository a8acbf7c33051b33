import Digests
import Farm
import TaskGraph
import TestSupport
import Testing

@Suite struct FarmJobTests {
  @Test func `tasks of one kind, stage and size are one step, which waits for whole steps`() throws {
    let job = try SampleJob.job()
    #expect(
      job.steps.map(\.name) == [
        "render-master", "render-master-2", "external-denoise", "mix-mix", "assemble-master",
        "publish-master",
      ])
    #expect(job.steps.map(\.tasks.count) == [2, 1, 1, 1, 1, 1])
    #expect(job.steps.map(\.dependencies) == [[], [], [], [], [0, 1, 3], [4]])
    #expect(job.steps.map(\.frames) == [72, 24, 0, 0, 0, 0])
    // An estimate counts twice and is rounded up; where there is none 2 GiB are asked for.
    #expect(job.steps.map(\.needs.memory) == [1024, 6144, 2048, 2048, 2048, 2048])
    #expect(job.steps[2].needs.cores == 4 && job.steps[2].needs.tokens == ["nuke": 1])
  }

  @Test func `a task asks for the libraries that its input names, and a publication for none`() throws {
    let job = try SampleJob.job()
    let base = ["libraries": "FFmpeg 5.1", "kernels": "kernels 1"]
    func needed(_ step: Int) -> [[String: String]] {
      job.steps[step].tasks.map { job.tools.needed(by: job.plan.nodes[$0]) }
    }
    // Tasks of one step may be made with different ones; no library without a name is asked for.
    let encoder = ["libx264": "x264 - core 164"]
    #expect(needed(0) == [base, base.merging(encoder) { $1 }])
    #expect(needed(1) == [base.merging(["colour": "OpenColorIO 2.1.2"]) { $1 }])
    #expect(needed(5) == [[:]])
    // A machine is asked for all of them before its first task.
    #expect(job.neededTools == needed(0)[1].merging(needed(1)[0]) { $1 })
  }

  @Test func `media is where the pipeline declares it and where tasks read it besides`() throws {
    let job = try SampleJob.job()
    // Comps lie elsewhere; what lies in a declared folder is not named again, and a text that looks like a root is none.
    #expect(job.media == ["/show/rushes", "/show/sound", #"/show/comps "v2""#])
  }

  @Test(arguments: UInt64(0)..<100) func `steps cover every edge of a plan and never wait for themselves`(
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 1...60, using: &random)
    let nodes = (0..<count).map { index in
      let earlier = (0..<index).filter { _ in random.chance(0.08) }
      return SampleJob.node(
        "\(index)", kind: ["render", "mix", "assemble"].randomElement(using: &random) ?? "mix",
        stage: ["grade/ä", "master"].randomElement(using: &random) ?? "master",
        after: earlier.map(String.init),
        needs: TaskNeeds(memoryBytes: Int64.random(in: 0...4, using: &random) << 30))
    }
    let plan = try Plan(nodes.shuffled(using: &random))
    let job = FarmJob(
      plan, name: "random", places: .init(program: "/i", production: "/p", media: [], folder: "/j"))
    #expect(job.steps.flatMap(\.tasks).sorted() == Array(plan.nodes.indices), "seed \(seed)")
    #expect(Set(job.steps.map(\.name)).count == job.steps.count, "seed \(seed)")
    for (index, step) in job.steps.enumerated() {
      #expect(step.dependencies.allSatisfy { $0 < index }, "seed \(seed)")
      #expect(
        step.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) },
        "\(step.name)")
      let before = Set(step.dependencies.flatMap { job.steps[$0].tasks }.map { plan.nodes[$0].key })
      for task in step.tasks { #expect(before.isSuperset(of: plan.nodes[task].dependencies), "seed \(seed)") }
    }
  }
}
