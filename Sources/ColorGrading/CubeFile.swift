package import Diagnostics

/// A .cube LUT file, Iridas/Adobe or Resolve dialect, as written: nothing is resampled.
///
/// Apply the shaper first, with linear interpolation, then the cube. Source: Adobe Cube LUT
/// Specification 1.0, DaVinci Resolve's LUT dialect as OpenColorIO reads it.
package struct CubeFile: Hashable, Sendable {
  /// One table of the file.
  package struct Table: Hashable, Sendable {
    /// Samples of a 1D table, samples along each axis of a 3D one.
    package var size: Int
    /// Rows of red, green, blue, finite; `size` of them or `size³` with the red index fastest.
    package var values: [Float]
    /// Inputs that meet the first sample: red, green, blue.
    package var minimum: [Double]
    /// Inputs that meet the last sample: red, green, blue; above `minimum`.
    package var maximum: [Double]
  }

  package var title: String?
  /// The 1D table, 2…65,536 rows; alone it is the whole LUT.
  package var shaper: Table?
  /// The 3D table, 2…256 samples along each axis.
  package var cube: Table?

  /// What the LUT does, as bytes for a digest; the title, comments and spelling of numbers are not part of it.
  package func canonicalBytes() -> [UInt8] {
    var bytes = Array("interlock.cube-file 1\n".utf8)
    for table in [shaper, cube] {
      guard let table else {
        bytes.append(0)
        continue
      }
      bytes.append(1)
      Self.append(UInt64(table.size), to: &bytes)
      for value in table.minimum + table.maximum { Self.append(value.bitPattern, to: &bytes) }
      bytes.reserveCapacity(bytes.count + 4 * table.values.count)
      for value in table.values { Self.append(value.bitPattern, to: &bytes) }
    }
    return bytes
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> Word(shift)))
    }
  }
}

extension CubeFile {
  /// Larger files are refused: 256³ rows take about half of it.
  package static let largestFile = 1 << 30

  /// Reads the bytes of a .cube file.
  ///
  /// - Parameter path: as the user typed it, for locations.
  /// - Throws: every fault at once, with line, column and excerpt; family `usage`.
  /// - Complexity: O(bytes).
  package static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> CubeFile {
    var reader = CubeReader(path: path, bytes: bytes)
    reader.readLines()
    return try reader.finished()
  }
}
