import Diagnostics

/// Amounts as people write them: `2 GB`, `512 MiB`, `30 min`.
enum ProgramQuantity {
  private static let byteUnits: [(name: String, count: Int64)] = [
    ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("KiB", 1 << 10),
    ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]
  private static let timeUnits: [(name: String, count: Int64)] = [("s", 1), ("min", 60), ("h", 3600)]

  /// - Returns: bytes, at least a MiB.
  static func bytes(_ key: String, _ keys: KeyReader) -> Int64? {
    amount(key, keys, units: byteUnits, in: 1 << 20...1 << 50, example: "2 GB or 512 MiB")
  }

  /// - Returns: seconds, at most thirty days.
  static func seconds(_ key: String, _ keys: KeyReader) -> Int? {
    amount(key, keys, units: timeUnits, in: 1...30 * 86_400, example: "30 min, 90 s or 4 h").map(Int.init)
  }

  private static func amount(
    _ key: String, _ keys: KeyReader, units: [(name: String, count: Int64)], in range: ClosedRange<Int64>,
    example: String
  ) -> Int64? {
    guard let text = keys.text(key), let value = keys[key] else { return nil }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    if let number = Int64(digits), let count = units.first(where: { $0.name == unit })?.count,
      case (let product, let isTooLarge) = number.multipliedReportingOverflow(by: count), !isTooLarge,
      range.contains(product)
    {
      return product
    }
    keys.findings.add(
      value.error(
        "pipeline.badAmount", "`\(text)` is not an amount for `\(key)`", remedy: "Write it as \(example)."))
    return nil
  }
}
