import CPictureKernels

/// What went wrong with a conversion or a grade.
package struct ColourError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable {
    case invalidDecision, invalidLook, unsupportedFormat, misplacedPicture, badPlanes, outOfMemory,
      invalidKey
  }

  package let code: Code
  package let message: String
  package let remedy: String

  package var description: String { "\(message)\n  \(remedy)" }
}

/// Size, layout and encoding of a picture.
package struct PictureFormat: Hashable, Sendable {
  package var layout: PixelLayout
  package var encoding: ColourEncoding
  /// In pixels, 1…65,536.
  package var width: Int
  /// In pixels, 1…65,536.
  package var height: Int
  /// Of what is written in planes of 8 bits: whether values between two codes become a pattern of both, so that no bands
  /// are seen.
  package var isDithered: Bool

  package init(
    layout: PixelLayout, encoding: ColourEncoding, width: Int, height: Int, isDithered: Bool = false
  ) {
    self.layout = layout
    self.encoding = encoding
    self.width = width
    self.height = height
    self.isDithered = isDithered
  }

  var whole: PictureRectangle { PictureRectangle(x: 0, y: 0, width: width, height: height) }
}

/// Part of a picture, in pixels from its top left corner.
package struct PictureRectangle: Hashable, Sendable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// One plane of a picture that is read; the memory is lent for one `run`.
///
/// Safe to hold, because only `PicturePipe.run` touches the memory, after checking the size.
@safe package struct SourcePlane {
  let bytes: UnsafeRawBufferPointer
  let stride: Int

  /// - Parameter stride: bytes from one row to the next, positive.
  package init(bytes: UnsafeRawBufferPointer, stride: Int) {
    unsafe self.bytes = bytes
    self.stride = stride
  }

  fileprivate var extent: PlaneExtent {
    unsafe PlaneExtent(address: UInt(bitPattern: bytes.baseAddress), byteCount: bytes.count, stride: stride)
  }

  /// Whether it has these rows of samples of a layout, aligned.
  func holds(_ rowBytes: Int, rows: Int, _ layout: PixelLayout) -> Bool {
    let sample = layout.bytesPerSample
    return extent.holds(rowBytes, rows: rows) && extent.address % UInt(sample) == 0 && stride % sample == 0
  }
}

/// One plane of a picture that is written; the memory is lent for one `run`.
///
/// Safe to hold, because only `PicturePipe.run` touches the memory, after checking the size.
@safe package struct DestinationPlane {
  let bytes: UnsafeMutableRawBufferPointer
  let stride: Int

  /// - Parameter stride: bytes from one row to the next, positive.
  package init(bytes: UnsafeMutableRawBufferPointer, stride: Int) {
    unsafe self.bytes = bytes
    self.stride = stride
  }

  fileprivate var extent: PlaneExtent {
    unsafe PlaneExtent(address: UInt(bitPattern: bytes.baseAddress), byteCount: bytes.count, stride: stride)
  }
}

extension DestinationPlane {
  /// Multiplies samples of binary32 without padding.
  package func multiply(by factors: [Float]) {
    let byteCount = unsafe bytes.count
    precondition(byteCount >= factors.count * MemoryLayout<Float>.size, "a factor for each sample")
    guard let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    unsafe pk_multiply(KernelPath.chosen.rawValue, base, factors, factors.count)
  }
}

/// Where a plane lies, as numbers.
private struct PlaneExtent {
  var address: UInt
  var byteCount: Int
  var stride: Int

  func holds(_ rowBytes: Int, rows: Int) -> Bool {
    let (filled, overflow) = stride.multipliedReportingOverflow(by: rows - 1)
    return !overflow && stride >= rowBytes && filled <= byteCount - rowBytes
  }
}

/// Converts, grades and places pictures of one format: source codes → R'G'B' → grade → destination codes.
///
/// float32 in between, one row at a time; the same bytes on every CPU. The picture is placed, never scaled; the
/// rest of the raster is filled with black. Primaries and transfer are not converted.
/// Y'CbCr to Y'CbCr of the same matrix, range and subsampling without a grade moves the codes themselves, so that
/// an ungraded picture loses nothing but reserved codes and, to fewer bits, precision.
/// Values outside 0…1 survive conversion as far as the destination's codes reach; a decision clamps to 0…1, a look
/// to its domain.
@safe package final class PicturePipe {
  /// Names the arithmetic of this build's kernels: equal input and equal identity give equal bytes.
  package static let kernelIdentity = "picture-kernels \(PK_VERSION)"

  package let source: PictureFormat
  package let destination: PictureFormat
  /// The part of the source that is used.
  private let area: PictureRectangle
  private let grade: GradeKernel?
  private let pipe: OpaquePointer  // owned, never null; freed once in deinit

  /// - Parameters:
  ///   - crop: the part of the source that is used; nil for all of it. On the source's chroma grid.
  ///   - rectangle: where that part lands in the destination, of the same size; nil for all of it. On the
  ///     destination's chroma grid.
  ///   - black: R'G'B' of what is around the picture in the destination.
  ///   - path: for tests; the bytes do not depend on it.
  /// - Throws: `.unsupportedFormat`, `.misplacedPicture`, `.outOfMemory`.
  package init(
    source: PictureFormat, crop: PictureRectangle? = nil, grade: GradeKernel?, destination: PictureFormat,
    rectangle: PictureRectangle? = nil, black: SIMD3<Float> = .zero, path: KernelPath = .chosen
  ) throws(ColourError) {
    let crop = crop ?? source.whole
    let rectangle = rectangle ?? destination.whole
    try Self.check(source, isWritten: false)
    try Self.check(destination, isWritten: true)
    try Self.check(crop, in: source, "crop of the source")
    try Self.check(rectangle, in: destination, "place of the picture")
    guard crop.width == rectangle.width, crop.height == rectangle.height else {
      throw ColourError(
        code: .misplacedPicture,
        message:
          "a picture of \(crop.width)x\(crop.height) cannot fill \(rectangle.width)x\(rectangle.height)",
        remedy: "Scale it first; the kernels only place pictures.")
    }
    guard path.isAvailable else {
      throw ColourError(
        code: .unsupportedFormat, message: "this CPU has no \(path)", remedy: "Use the chosen path.")
    }
    self.source = source
    self.destination = destination
    area = crop
    self.grade = grade
    var configuration = unsafe pk_configuration()
    unsafe configuration.source_layout = source.layout.forKernels
    unsafe configuration.source_encoding = source.encoding.forKernels
    unsafe configuration.source_width = Int32(source.width)
    unsafe configuration.source_height = Int32(source.height)
    unsafe configuration.crop_x = Int32(crop.x)
    unsafe configuration.crop_y = Int32(crop.y)
    unsafe configuration.width = Int32(crop.width)
    unsafe configuration.height = Int32(crop.height)
    unsafe configuration.destination_layout = destination.layout.forKernels
    unsafe configuration.destination_encoding = destination.encoding.forKernels
    unsafe configuration.raster_width = Int32(destination.width)
    unsafe configuration.raster_height = Int32(destination.height)
    unsafe configuration.x = Int32(rectangle.x)
    unsafe configuration.y = Int32(rectangle.y)
    unsafe configuration.black = (black.x, black.y, black.z)
    unsafe configuration.dithers = destination.isDithered ? 1 : 0
    unsafe configuration.path = path.rawValue
    guard let pipe = unsafe Self.makePipe(configuration, grade) else {
      throw ColourError(
        code: .outOfMemory, message: "no memory for the tables of a grade", remedy: "Run fewer tasks at once."
      )
    }
    unsafe self.pipe = pipe
  }

  deinit { unsafe pk_pipe_free(pipe) }

  /// Converts one picture.
  ///
  /// - Parameters:
  ///   - source: the colour planes in the layout's order, 16-bit and float ones aligned; more planes are ignored.
  ///   - destination: likewise; written completely. Must not overlap the source.
  /// - Throws: `.badPlanes` when a plane is missing, too small or misaligned; `.outOfMemory`.
  /// - Complexity: O(pixels); holds a few rows.
  package func run(source: [SourcePlane], destination: [DestinationPlane]) throws(ColourError) {
    try Self.run([self], source: source, destinations: [destination])
  }

  /// Converts one picture into several layouts, read and graded once.
  ///
  /// - Parameters:
  ///   - pipes: of one source, one crop and one grade; what each writes is what it writes alone.
  ///   - destinations: the planes for each pipe.
  /// - Throws: as `run(source:destination:)`.
  package static func run(
    _ pipes: [PicturePipe], source: [SourcePlane], destinations: [[DestinationPlane]]
  ) throws(ColourError) {
    precondition(pipes.count == destinations.count, "each pipe has a destination")
    for (pipe, destination) in zip(pipes, destinations) {
      precondition(
        pipe.source == pipes[0].source && pipe.area == pipes[0].area && pipe.grade == pipes[0].grade,
        "pipes that run together differ in what they write only")
      try check("source", source.map(\.extent), pipe.source)
      try check("destination", destination.map(\.extent), pipe.destination)
    }
    for start in stride(from: 0, to: pipes.count, by: Int(PK_PIPES_AT_ONCE)) {
      let end = min(pipes.count, start + Int(PK_PIPES_AT_ONCE))
      try runTogether(pipes[start..<end], source, destinations[start..<end])
    }
  }

  private static func runTogether(
    _ pipes: ArraySlice<PicturePipe>, _ source: [SourcePlane], _ destinations: ArraySlice<[DestinationPlane]>
  ) throws(ColourError) {
    // The kernels declare three planes whatever the layout.
    let from = unsafe Self.padded(source.map { unsafe $0.bytes.baseAddress }, nil)
    let fromStrides = padded(source.map(\.stride), 0)
    let to = unsafe destinations.map { unsafe padded($0.map { unsafe $0.bytes.baseAddress }, nil) }
    let toStrides = destinations.map { padded($0.map(\.stride), 0) }
    let status = unsafe withPointers(to) { to in
      unsafe withPointers(toStrides) { toStrides in
        let raw: [OpaquePointer?] = unsafe pipes.map { unsafe $0.pipe }
        return unsafe pk_pipes_run(raw, Int32(pipes.count), from, fromStrides, to, toStrides)
      }
    }
    guard status == 0 else {
      throw ColourError(
        code: .outOfMemory, message: "no memory for a few rows of pixels", remedy: "Run fewer tasks at once.")
    }
  }

  private static func padded<Element>(_ elements: [Element], _ empty: Element) -> [Element] {
    elements + [empty, empty]
  }

  /// Lends the addresses of arrays, one after the other.
  private static func withPointers<Element, R>(
    _ arrays: [[Element]], _ body: (UnsafePointer<UnsafePointer<Element>?>) -> R
  ) -> R {
    func lend(_ rest: ArraySlice<[Element]>, _ lent: [UnsafePointer<Element>?]) -> R {
      guard let next = rest.first else { return unsafe body(lent) }
      return unsafe next.withUnsafeBufferPointer { unsafe lend(rest.dropFirst(), lent + [$0.baseAddress]) }
    }
    return unsafe lend(arrays[...], [])
  }
}

extension PicturePipe {
  private static func makePipe(_ configuration: pk_configuration, _ grade: GradeKernel?) -> OpaquePointer? {
    func make(_ decision: UnsafePointer<pk_decision>?, _ look: UnsafePointer<pk_look>?) -> OpaquePointer? {
      var configuration = unsafe configuration
      unsafe configuration.decision = decision
      unsafe configuration.look = look
      return unsafe pk_pipe_create(&configuration)
    }
    func withLook(_ decision: UnsafePointer<pk_decision>?) -> OpaquePointer? {
      guard let look = grade?.look else { return unsafe make(decision, nil) }
      return unsafe look.withKernelLook { unsafe make(decision, $0) }
    }
    guard var decision = grade?.decision?.forKernels else { return unsafe withLook(nil) }
    return unsafe withUnsafePointer(to: &decision) { unsafe withLook($0) }
  }

  private static func check(_ format: PictureFormat, isWritten: Bool) throws(ColourError) {
    func unsupported(_ message: String, _ remedy: String) -> ColourError {
      ColourError(code: .unsupportedFormat, message: message, remedy: remedy)
    }
    let layout = format.layout
    guard (1...65_536).contains(format.width), (1...65_536).contains(format.height) else {
      throw unsupported(
        "a picture of \(format.width)x\(format.height) is outside 1…65,536 pixels", "Check the media.")
    }
    guard !isWritten || layout.canBeWritten else {
      throw unsupported("\(layout) has a plane of alpha", "Choose a layout without alpha for the output.")
    }
    guard format.encoding.isFullRange || !layout.impliesFullRange else {
      throw unsupported("\(layout) is full range by its name", "Read it as full range.")
    }
    guard format.encoding.isFullRange || layout.bitDepth != 32 else {
      throw unsupported("\(layout) has no legal range", "Read it as full range.")
    }
  }

  private static func check(
    _ rectangle: PictureRectangle, in format: PictureFormat, _ what: String
  ) throws(ColourError) {
    let step = format.layout.family == .yCbCr ? format.layout.chromaStep : (columns: 1, rows: 1)
    func fits(_ start: Int, _ length: Int, _ whole: Int, _ step: Int) -> Bool {
      // Off the chroma grid only where the picture around it ends too.
      start >= 0 && length > 0 && length <= whole && start <= whole - length && start % step == 0
        && (length % step == 0 || start + length == whole)
    }
    guard
      fits(rectangle.x, rectangle.width, format.width, step.columns),
      fits(rectangle.y, rectangle.height, format.height, step.rows)
    else {
      throw ColourError(
        code: .misplacedPicture,
        message:
          "\(what): \(rectangle.width)x\(rectangle.height) at \(rectangle.x), \(rectangle.y) is not inside "
          + "\(format.width)x\(format.height) on the chroma grid of \(format.layout)",
        remedy: "Use positions and sizes inside the picture; even ones where chroma is subsampled.")
    }
  }

  private static func check(
    _ side: String, _ planes: [PlaneExtent], _ format: PictureFormat
  ) throws(ColourError) {
    func bad(_ what: String) -> ColourError {
      ColourError(
        code: .badPlanes, message: "\(side) picture in \(format.layout): \(what)",
        remedy: "The picture differs from the one the pipe was made for; probe the media again.")
    }
    let layout = format.layout
    guard planes.count >= layout.planeCount else {
      throw bad("\(planes.count) planes, \(layout.planeCount) needed")
    }
    for plane in 0..<layout.planeCount {
      let (rowBytes, rows) = layout.planeSize(plane, width: format.width, height: format.height)
      let extent = planes[plane]
      guard extent.holds(rowBytes, rows: rows) else {
        throw bad("plane \(plane) has \(extent.byteCount) bytes with rows of \(extent.stride)")
      }
      let sample = layout.bytesPerSample
      guard extent.address % UInt(sample) == 0, extent.stride % sample == 0 else {
        throw bad("plane \(plane) is misaligned")
      }
    }
  }
}
