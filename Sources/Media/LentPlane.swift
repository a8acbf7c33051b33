/// A plane of a picture in the caller's memory, lent to an encoder for one call.
///
/// Safe to hold, because only an encoder touches the memory, and only during the call.
@safe package struct LentPlane {
  let base: UnsafeRawPointer
  /// Bytes from one row to the next.
  let stride: Int

  /// - Parameter base: the first sample of the uppermost row; as many rows as the picture's plane has follow.
  package init(base: UnsafeRawPointer, stride: Int) {
    unsafe self.base = base
    self.stride = stride
  }

  /// The plane without its uppermost rows.
  func dropping(rows: Int) -> LentPlane { unsafe LentPlane(base: base + rows * stride, stride: stride) }
}
