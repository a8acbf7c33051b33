import CoreMetrics
import Synchronization

/// The value or values behind one combination of labels.
protocol PrometheusValues: AnyObject, Sendable {
  var samples: [PrometheusSample] { get }
}

struct PrometheusSample {
  /// Of the metric's name, e.g. `_bucket`.
  var suffix = ""
  var labels: [(String, String)] = []
  var value: Double
}

/// A counter or a gauge.
final class PrometheusNumber: PrometheusValues, CounterHandler, FloatingPointCounterHandler, MeterHandler,
  RecorderHandler
{
  private let value = Mutex(0.0)

  var samples: [PrometheusSample] { [PrometheusSample(value: value.withLock { $0 })] }

  func increment(by amount: Int64) { add(Double(amount)) }
  func increment(by amount: Double) { add(amount) }
  func decrement(by amount: Double) { add(-amount) }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func reset() { set(0.0) }

  private func add(_ amount: Double) { value.withLock { $0 += amount } }
}

/// How often values fell below each bound; times are in seconds.
final class PrometheusHistogram: PrometheusValues, RecorderHandler, TimerHandler {
  private struct State {
    var counts: [Int64]
    var sum = 0.0
    var count: Int64 = 0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  /// From a millisecond to a quarter of an hour, for metrics that say nothing of their own.
  private static let commonBounds = [0.001, 0.01, 0.1, 1, 10, 100, 900]

  init(bounds: [Double]) {
    self.bounds = bounds.isEmpty ? Self.commonBounds : bounds
    state = Mutex(State(counts: Array(repeating: 0, count: self.bounds.count)))
  }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    state.withLock { state in
      if let bucket = bounds.firstIndex(where: { value <= $0 }) { state.counts[bucket] += 1 }
      state.sum += value
      state.count += 1
    }
  }

  var samples: [PrometheusSample] {
    state.withLock { state in
      var samples: [PrometheusSample] = []
      var below: Int64 = 0
      for (bound, count) in zip(bounds, state.counts) {
        below += count
        samples.append(
          PrometheusSample(
            suffix: "_bucket", labels: [("le", PrometheusText.number(bound))], value: Double(below)))
      }
      samples.append(
        PrometheusSample(suffix: "_bucket", labels: [("le", "+Inf")], value: Double(state.count)))
      samples.append(PrometheusSample(suffix: "_sum", value: state.sum))
      samples.append(PrometheusSample(suffix: "_count", value: Double(state.count)))
      return samples
    }
  }
}

/// The lexical rules of the text format.
enum PrometheusText {
  /// A name of letters, digits and underscores that does not begin with a digit.
  static func name(_ text: String) -> String {
    var name = String(
      text.unicodeScalars.map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
          ? Character(scalar) : "_"
      })
    if name.first.map(\.isNumber) ?? true { name = "_" + name }
    return name
  }

  /// `{stage="grade",state="done"}`; nothing without labels. Values are cut at 128 characters.
  static func labels(_ labels: [(String, String)]) -> String {
    guard !labels.isEmpty else { return "" }
    let pairs = labels.map { name, value in
      var escaped = ""
      for character in value.prefix(128) {
        switch character {
        case "\\": escaped += "\\\\"
        case "\"": escaped += "\\\""
        case "\n", "\r\n", "\r": escaped += "\\n"
        default: escaped.append(character)
        }
      }
      return "\(name)=\"\(escaped)\""
    }
    return "{\(pairs.joined(separator: ","))}"
  }

  static func help(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ").split(separator: "\\").joined(separator: "\\\\")
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
    return "\(value)"
  }
}
