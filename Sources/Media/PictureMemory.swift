/// One picture of our own, filled again and again, for those who read pictures.
@safe package final class PictureMemory {
  package let format: PictureFormat
  private let frame: Frame

  /// - Throws: `MediaError` with `settings` or `outOfMemory`.
  package init(_ format: PictureFormat) throws {
    self.format = format
    frame = try Frame.picture(format)
  }

  /// Lends the planes for writing.
  package func fill<R>(_ body: (borrowing MutablePictureView) throws -> R) rethrows -> R {
    try body(unsafe MutablePictureView(frame.raw, format: format))
  }

  /// Lends the picture for reading.
  package func read<R>(_ body: (borrowing PictureView) throws -> R) rethrows -> R {
    try body(unsafe PictureView(frame.raw))
  }
}
