import ImageGraph

/// In which order a task that makes frames in several encodings makes them.
enum LaneOrder {
  /// A frame of a source.
  struct Place: Hashable {
    var source: PictureSource
    var frame: Int64
  }

  /// Each lane's frames stay in their order; those that show a frame of the first lane come right after it, so that it
  /// is decoded once.
  ///
  /// - Parameter lanes: for each lane the places its frames show, nil where there is none.
  /// - Returns: the lane of each frame.
  static func frames(of lanes: [[Place?]]) -> [Int] {
    guard lanes.count > 1, let first = lanes.first else {
      return lanes.indices.flatMap { [Int](repeating: $0, count: lanes[$0].count) }
    }
    var ranks: [Place: Int] = [:]
    for (rank, place) in first.enumerated() {
      if let place, ranks[place] == nil { ranks[place] = rank }
    }
    var following = [[Int]](repeating: [], count: first.count + 1)
    for (lane, places) in lanes.enumerated().dropFirst() {
      var rank = 0
      for place in places {
        if let place, let found = ranks[place] { rank = max(rank, found) }
        following[rank].append(lane)
      }
    }
    return first.indices.flatMap { [0] + following[$0] } + following[first.count]
  }
}
