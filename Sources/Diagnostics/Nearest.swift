/// The candidate a mistyped word most likely stands for, `nil` when none is close.
///
/// Close is an edit distance (insert, delete, replace, swap neighbours) of at most `max(1, count / 3)`, letter case
/// ignored; of equally close candidates the first wins. Words beyond 64 characters are not compared.
package func nearest(_ typed: String, among candidates: [String]) -> String? {
  let word = Array(typed.lowercased())
  guard !word.isEmpty, word.count <= 64 else { return nil }
  var limit = max(1, word.count / 3)
  var best: String?
  for candidate in candidates {
    let other = Array(candidate.lowercased())
    guard abs(other.count - word.count) <= limit else { continue }
    let distance = editDistance(word, other)
    if distance < limit || (distance == limit && best == nil) {
      best = candidate
      limit = distance
    }
  }
  return best
}

/// Optimal string alignment distance.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
  var beforePrevious = [Int](repeating: 0, count: right.count + 1)
  var previous = Array(0...right.count)
  for row in 1...left.count {
    var current = [row] + [Int](repeating: 0, count: right.count)
    for column in 1...right.count {
      let replaced = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
      var distance = min(replaced, previous[column] + 1, current[column - 1] + 1)
      let isSwap =
        row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]
      if isSwap { distance = min(distance, beforePrevious[column - 2] + 1) }
      current[column] = distance
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}
