/// What computing costs, as a pipeline says it: `0.12 EUR/core-hour`.
package struct CostRate: Codable, Hashable, Sendable, CustomStringConvertible {
  /// What is paid for.
  package enum Unit: String, Codable, Sendable, CaseIterable {
    /// An hour of one core at work: user and system time of the workers.
    case coreHour = "core-hour"
    /// An hour of a worker that has a task, whatever its cores do.
    case workerHour = "worker-hour"
  }

  /// Of one unit, in whole currency.
  package var amount: Double
  /// A currency's name or sign, at most eight characters, e.g. `EUR`.
  package var currency: String
  package var unit: Unit

  package init(amount: Double, currency: String, unit: Unit) {
    self.amount = amount
    self.currency = currency
    self.unit = unit
  }

  /// - Parameter text: amount, currency, slash, unit, e.g. `0.12 EUR/core-hour`; anything else is `nil`.
  package init?(parsing text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, let amount = Double(words[0]), amount.isFinite, (0...1_000_000).contains(amount),
      words[0].allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") })
    else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...8).contains(parts[0].count), let unit = Unit(rawValue: String(parts[1])),
      !parts[0].contains(where: { $0.isNumber || "<>&\"'".contains($0) })
    else { return nil }
    self.init(amount: amount, currency: String(parts[0]), unit: unit)
  }

  /// Says how a rate is written, for messages.
  package static let form = "Write it as 0.12 EUR/core-hour, or per worker-hour."

  package var description: String { "\(amount) \(currency)/\(unit.rawValue)" }

  /// What this much work costs, in whole currency.
  ///
  /// - Parameters:
  ///   - cpuSeconds: user and system time.
  ///   - workerSeconds: time in which a worker had a task.
  package func cost(cpuSeconds: Double, workerSeconds: Double) -> Double {
    let seconds =
      switch unit {
      case .coreHour: cpuSeconds
      case .workerHour: workerSeconds
      }
    return seconds / 3600 * amount
  }
}
