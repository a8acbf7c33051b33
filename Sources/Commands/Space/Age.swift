import ArgumentParser

/// An age as typed: `30d`, `12h`, `90m`, `0s`.
struct Age: ExpressibleByArgument, CustomStringConvertible, Sendable {
  let milliseconds: Int64
  let description: String

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    guard let unit = argument.last.flatMap({ units[$0] }), let number = Int64(argument.dropLast()),
      (0...36_500).contains(number * unit / 86_400_000), number >= 0
    else { return nil }
    milliseconds = number * unit
    description = argument
  }

  static func days(_ number: Int) -> Age {
    guard let age = Age(argument: "\(number)d") else {
      preconditionFailure("a default age is a plain number")
    }
    return age
  }

  var defaultValueDescription: String { description }
}
