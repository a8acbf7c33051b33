import Colour
import ImageGraph
import TaskKinds

/// Which pixels of the comparison count.
struct OfflineMask {
  let width: Int
  let height: Int
  private(set) var use: [UInt8]

  /// The declared masks and the burn-ins that were found.
  init(_ view: OfflineView, burnIns: [Int] = [], block: Int = 1) {
    width = view.compared.width
    height = view.compared.height
    use = [UInt8](repeating: 1, count: width * height)
    for mask in view.masks where mask.count == 4 { leaveOut(mask[0], mask[1], mask[2], mask[3]) }
    let columns = Self.columns(width, block)
    for index in burnIns {
      leaveOut(index % columns * block, index / columns * block, block, block)
    }
  }

  static func columns(_ width: Int, _ block: Int) -> Int { (width + block - 1) / block }

  private mutating func leaveOut(_ x: Int, _ y: Int, _ wide: Int, _ high: Int) {
    for row in max(0, y)..<max(0, y, min(height, y + high)) {
      for column in max(0, x)..<max(0, x, min(width, x + wide)) { use[row * width + column] = 0 }
    }
  }

  /// Those pixels only that lie in the area.
  func within(_ area: PictureArea) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: use.count)
    let columns = area.x.clamped(to: 0..<width)
    for row in area.y.clamped(to: 0..<height) {
      let range = row * width + columns.lowerBound..<row * width + columns.upperBound
      result.replaceSubrange(range, with: use[range])
    }
    return result
  }

  /// The mask of pictures smaller by `step`: pixels all of which count.
  func reduced(by step: Int) -> OfflineMask {
    let small = LumaPlane(width: width, height: height, values: use.map(Float.init)).reduced(by: step)
    return OfflineMask(width: small.width, height: small.height, use: small.values.map { $0 >= 1 ? 1 : 0 })
  }

  private init(width: Int, height: Int, use: [UInt8]) {
    self.width = width
    self.height = height
    self.use = use
  }
}

/// The rectangle of a picture inside the black beside it, in pixels.
struct PictureArea: Hashable {
  var x: Range<Int>
  var y: Range<Int>

  /// Above this code a pixel belongs to the picture.
  private static let black: Float = 8

  init(x: Range<Int>, y: Range<Int>) {
    self.x = x
    self.y = y
  }

  /// The smallest around everything in the planes that is not black; nil when all is.
  init?(_ planes: [LumaPlane]) {
    guard let first = planes.first else { return nil }
    var rows = [Int](repeating: 0, count: first.height)
    var columns = [Int](repeating: 0, count: first.width)
    var brightest = first.values
    for plane in planes.dropFirst() {
      for index in brightest.indices where plane.values[index] > brightest[index] {
        brightest[index] = plane.values[index]
      }
    }
    for row in 0..<first.height {
      for column in 0..<first.width where brightest[row * first.width + column] > Self.black {
        rows[row] += 1
        columns[column] += 1
      }
    }
    // A line of text in the black does not make it picture.
    let wide = max(1, first.width / 3)
    let high = max(1, first.height / 3)
    guard let top = rows.firstIndex(where: { $0 >= wide }),
      let bottom = rows.lastIndex(where: { $0 >= wide }),
      let left = columns.firstIndex(where: { $0 >= high }),
      let right = columns.lastIndex(where: { $0 >= high })
    else { return nil }
    x = left..<right + 1
    y = top..<bottom + 1
  }

  /// Where it lies after its picture, of this size, was laid by a fit: whole pixels only.
  func laid(_ fit: PlaneFit, width: Int, height: Int) -> PictureArea {
    guard fit != .identity else { return self }
    func along(_ range: Range<Int>, _ length: Int, _ scale: Double, _ move: Double) -> Range<Int> {
      let middle = Double(length) / 2
      let start = (Double(range.lowerBound) - middle) * scale + middle + move
      let end = (Double(range.upperBound) - middle) * scale + middle + move
      let first = min(length, max(0, Int(start.rounded(.up))))
      return first..<max(first, min(length, Int(end.rounded(.down))))
    }
    return PictureArea(
      x: along(x, width, fit.scaleX, fit.moveX), y: along(y, height, fit.scaleY, fit.moveY))
  }

  func mirrored(width: Int) -> PictureArea {
    PictureArea(x: width - x.upperBound..<width - x.lowerBound, y: y)
  }
}
