import CoreMetrics
import Foundation
import Monitoring
import TestSupport
import Testing

@Suite struct PrometheusTests {
  /// Names, labels and values as `prometheus_client` of Debian reads them: the judge is not ours.
  private func parsed(_ text: String) throws -> [String: Double] {
    let folder = try TemporaryFolder()
    let file = try folder.write(text, to: "metrics.prom")
    let program = """
      import json, sys
      from prometheus_client.parser import text_string_to_metric_families
      samples = {}
      for family in text_string_to_metric_families(open(sys.argv[1], newline="").read()):
          for sample in family.samples:
              labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
              name = f"{sample.name}|{labels}"
              assert name not in samples, "twice: " + name
              assert family.type != "unknown", "without a type: " + sample.name
              samples[name] = sample.value
      print(json.dumps(samples))
      """
    let result = try Programs.run("/usr/bin/python3", ["-c", program, file])
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode([String: Double].self, from: result.output)
  }

  private func value(_ samples: [String: Double], _ name: String, _ labels: String = "") -> Double? {
    samples["\(name)|\(labels)"]
  }

  @Test func `an independent parser reads names, labels and values back`() throws {
    let registry = PrometheusRegistry([
      MetricDescription(name: "a_total", kind: .counter, help: "A \\ counter\nof two lines.")
    ])
    Counter(label: "a_total", dimensions: [("stage", "quote \" back \\ line\nend")], factory: registry)
      .increment(by: 3)
    Meter(label: "b.gauge-1", factory: registry).set(-1.5)
    let timer = CoreMetrics.Timer(label: "c_seconds", factory: registry)
    timer.recordNanoseconds(5_000_000)
    timer.recordSeconds(2)
    let samples = try parsed(registry.text())
    #expect(value(samples, "a_total", "stage=quote \" back \\ line\nend") == 3)
    #expect(value(samples, "b_gauge_1") == -1.5)
    #expect(value(samples, "c_seconds_bucket", "le=0.01") == 1)
    #expect(value(samples, "c_seconds_bucket", "le=10") == 2)
    #expect(value(samples, "c_seconds_bucket", "le=+Inf") == 2)
    #expect(value(samples, "c_seconds_count") == 2)
    #expect(value(samples, "c_seconds_sum") == 2.005)
  }

  @Test func `labels without end are counted together`() throws {
    let registry = PrometheusRegistry()
    for index in 0..<1_500 {
      Counter(label: "x_total", dimensions: [("name", "n\(index)")], factory: registry).increment()
    }
    let samples = try parsed(registry.text())
    #expect(samples.count == 1_001)
    #expect(value(samples, "x_total", "name=other") == 500)
  }

  @Test func `a run's metrics are its events added up`() throws {
    var script = EventScript()
    script.add(
      "runStarted", at: 0,
      #""schema":1,"host":"h","processID":7,"workers":2,"total":3,"frames":96,"stages":[{"stage":"grade","tasks":2,"frames":96},{"stage":"master","tasks":1,"frames":0}]"#
    )
    script.attempt("grade one", worker: 1, 1, 4, outcome: "lost")
    script.add("workerLost", at: 4, #""attempt":"A","worker":1,"message":"m""#, task: "grade one")
    script.add("retrying", at: 4, #""pause":1"#, task: "grade one")
    script.attempt("grade one", worker: 1, 5, 8, cpu: 2.5)
    script.add("taskDone", at: 8, #""frames":48,"total":48"#, task: "grade one")
    script.add("attemptStarted", at: 8, #""worker":2,"waited":0"#, task: "grade two")
    script.add("queue", at: 9, #""ready":0,"waits":[{"reason":"earlier tasks","tasks":1}]"#)
    let metrics = RunMetrics(programme: "short-film", version: "1")
    for event in try script.events() { metrics.observe(event) }
    metrics.noteLedgerCommit(.milliseconds(3))
    let samples = try parsed(metrics.text())
    #expect(value(samples, "interlock_tasks", "stage=grade,state=done") == 1)
    #expect(value(samples, "interlock_tasks", "stage=grade,state=running") == 1)
    #expect(value(samples, "interlock_tasks", "stage=grade,state=waiting") == 0)
    #expect(value(samples, "interlock_tasks", "stage=master,state=waiting") == 1)
    #expect(value(samples, "interlock_attempts_ended_total", "kind=render,outcome=lost") == 1)
    #expect(value(samples, "interlock_retries_total", "class=lost") == 1)
    #expect(value(samples, "interlock_workers_lost_total") == 1)
    #expect(value(samples, "interlock_cpu_seconds_total", "stage=grade") == 2.5)
    #expect(value(samples, "interlock_written_bytes_total", "stage=grade") == 500)
    #expect(value(samples, "interlock_frames_made_total", "stage=grade") == 48)
    #expect(value(samples, "interlock_attempts_running", "place=worker") == 1)
    #expect(value(samples, "interlock_tasks_waiting", "reason=earlier tasks") == 1)
    #expect(value(samples, "interlock_attempt_duration_seconds_count", "kind=render") == 1)
    #expect(value(samples, "interlock_ledger_commit_seconds_bucket", "le=0.005") == 1)
    #expect(value(samples, "interlock_run_active") == 1)
    script.add("runFinished", at: 10, #""exit":0,"frames":48,"total":1"#)
    if let last = try script.events().last { metrics.observe(last) }
    let ended = try parsed(metrics.text())
    #expect(value(ended, "interlock_run_active") == 0)
    #expect(value(ended, "interlock_tasks_waiting", "reason=earlier tasks") == 0)
  }

  @Test func `the file is whole whenever it is read, and a folder that is missing is said at once`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/interlock.prom"
    let file = try MetricsFile(path: path, typed: "interlock.prom", text: { "x 1\n" }, onFault: { _ in })
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "x 1\n")
    file.finish()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["interlock.prom"])
    #expect(throws: (any Error).self) {
      _ = try MetricsFile(
        path: folder.path + "/none/x.prom", typed: "none/x.prom", text: { "" }, onFault: { _ in })
    }
  }
}
