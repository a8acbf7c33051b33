/// What a copy carries at the edges of its pictures.
package enum BurnInContent: String, Codable, Sendable, CaseIterable {
  case none
  /// Shot name, source timecode and shot frame: frames stay the same when the cut moves them.
  case shot
  /// Record timecode as well, which ties every frame to its place in the programme.
  case record
}
