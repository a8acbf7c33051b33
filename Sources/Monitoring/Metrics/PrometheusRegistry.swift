package import CoreMetrics
import Synchronization

/// What a metric means, for the head of its lines.
package struct MetricDescription: Sendable {
  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  package var name: String
  package var kind: Kind
  package var help: String
  /// Upper bounds of a histogram's buckets, rising, without infinity.
  package var buckets: [Double]

  package init(name: String, kind: Kind, help: String, buckets: [Double] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.buckets = buckets
  }
}

/// A factory of swift-metrics whose metrics are read as text of Prometheus.
///
/// Metrics that are not in its catalogue, e.g. of a library, are taken as they come. No metric has more than
/// `mostSeries` combinations of labels: further ones are counted together, as `other`.
package final class PrometheusRegistry: MetricsFactory {
  private struct Family {
    var description: MetricDescription
    var series: [(labels: [(String, String)], values: any PrometheusValues)] = []
    var indices: [String: Int] = [:]
  }

  private let families: Mutex<[String: Family]>
  /// Names in the order of the catalogue, then as they came.
  private let order: Mutex<[String]>

  package static let mostSeries = 1_000

  package init(_ catalogue: [MetricDescription] = []) {
    families = Mutex(Dictionary(uniqueKeysWithValues: catalogue.map { ($0.name, Family(description: $0)) }))
    order = Mutex(catalogue.map(\.name))
  }

  // MARK: Factory

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    number(label, dimensions, .counter)
  }

  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    number(label, dimensions, .counter)
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    number(label, dimensions, .gauge)
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate ? histogram(label, dimensions) : number(label, dimensions, .gauge)
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label, dimensions)
  }

  // A metric that goes out of use keeps its last value: a counter that vanishes looks like a restart.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  package func destroyMeter(_ handler: any MeterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}

  private func number(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind
  ) -> PrometheusNumber {
    values(label, dimensions, kind) { _ in PrometheusNumber() }
  }

  private func histogram(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
    values(label, dimensions, .histogram) { PrometheusHistogram(bounds: $0.buckets) }
  }

  private func values<Values: PrometheusValues>(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind,
    _ make: (MetricDescription) -> Values
  ) -> Values {
    let name = PrometheusText.name(label)
    let labels = dimensions.map { (PrometheusText.name($0.0), $0.1) }.sorted { $0.0 < $1.0 }
    return families.withLock { families in
      if families[name] == nil {
        order.withLock { $0.append(name) }
        families[name] = Family(description: MetricDescription(name: name, kind: kind, help: ""))
      }
      var family = families[name] ?? Family(description: MetricDescription(name: name, kind: kind, help: ""))
      var used = labels
      if family.indices[PrometheusText.labels(used)] == nil, family.series.count >= Self.mostSeries {
        used = labels.map { ($0.0, "other") }
      }
      let id = PrometheusText.labels(used)
      // Two uses of one name as different kinds are a fault of ours; the second is not shown.
      if let index = family.indices[id] {
        return family.series[index].values as? Values ?? make(family.description)
      }
      let made = make(family.description)
      guard family.description.kind == kind else { return made }
      family.indices[id] = family.series.count
      family.series.append((used, made))
      families[name] = family
      return made
    }
  }

  // MARK: Text

  /// Everything in the text format 0.0.4 of Prometheus.
  ///
  /// Source: prometheus.io/docs/instrumenting/exposition_formats.
  package func text() -> String {
    let names = order.withLock { $0 }
    return families.withLock { families in
      var text = ""
      for name in names {
        guard let family = families[name], !family.series.isEmpty else { continue }
        if !family.description.help.isEmpty {
          text += "# HELP \(name) \(PrometheusText.help(family.description.help))\n"
        }
        text += "# TYPE \(name) \(family.description.kind.rawValue)\n"
        for series in family.series {
          for sample in series.values.samples {
            let labels = PrometheusText.labels(series.labels + sample.labels)
            text += "\(name)\(sample.suffix)\(labels) \(PrometheusText.number(sample.value))\n"
          }
        }
      }
      return text
    }
  }
}
