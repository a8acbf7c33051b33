import CLoudness

/// Measures the loudness of a mix while it passes: integrated, range, momentary, short-term, true peak.
///
/// All values are in LKFS, LU and dBTP as libebur128 makes them, with the mathematics library: round them before they
/// decide a byte. Silence and what lies below the gates is −∞.
/// Source: ITU-R BS.1770-4, EBU Tech 3341 and 3342.
@safe package final class LoudnessMeter {
  package struct Moment: Sendable {
    /// Of the last 400 ms.
    package var momentary: Double
    /// Of the last 3 s.
    package var shortTerm: Double
    /// Of the last 100 ms, linear, 1.0 is full scale.
    package var truePeak: Double
  }

  /// Every 100 ms, the first at 100 ms.
  package private(set) var moments: [Moment] = []

  private var state: UnsafeMutablePointer<ebur128_state>?
  private let channels: Int
  private let step: Int
  /// Samples until the next moment.
  private var untilNext: Int
  private var peakOfStep = 0.0

  /// The library and its version.
  package static var identity: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    unsafe ebur128_get_version(&major, &minor, &patch)
    return "libebur128 \(major).\(minor).\(patch)"
  }

  /// - Parameter channels: 1, 2 for L R, or 6 for L R C LFE Ls Rs, whose LFE does not count.
  /// - Throws: `MediaError` with `outOfMemory`.
  package init(sampleRate: Int, channels: Int) throws {
    self.channels = channels
    step = sampleRate / 10
    untilNext = step
    let modes =
      EBUR128_MODE_I.rawValue | EBUR128_MODE_LRA.rawValue | EBUR128_MODE_S.rawValue
      | EBUR128_MODE_TRUE_PEAK.rawValue
    unsafe state = ebur128_init(UInt32(channels), UInt(sampleRate), Int32(modes))
    guard unsafe state != nil else { throw Self.outOfMemory }
  }

  deinit { unsafe ebur128_destroy(&state) }

  private static let outOfMemory = MediaError(
    code: .outOfMemory, fault: .infrastructure, operation: "measure loudness", path: "libebur128",
    reason: "not enough memory")

  /// Adds samples of nominal −1…1, `[channel][sample]`.
  ///
  /// - Throws: `MediaError` with `outOfMemory`, and `settings` for another channel count.
  package func add(planar planes: [[Double]]) throws {
    guard planes.count == channels, let count = planes.first?.count, planes.allSatisfy({ $0.count == count })
    else {
      throw MediaError(
        code: .settings, fault: .user, operation: "measure loudness", path: "libebur128",
        reason: "\(planes.count) channels of sound for a meter of \(channels)")
    }
    var interleaved = [Double](repeating: 0, count: count * channels)
    for (channel, plane) in planes.enumerated() {
      var position = channel
      for sample in plane {
        interleaved[position] = sample
        position += channels
      }
    }
    var done = 0
    while done < count {
      let part = min(untilNext, count - done)
      let status = unsafe interleaved.withUnsafeBufferPointer { buffer in
        unsafe ebur128_add_frames_double(state, buffer.baseAddress! + done * channels, part)
      }
      guard status == Int32(EBUR128_SUCCESS.rawValue) else { throw Self.outOfMemory }
      done += part
      untilNext -= part
      for channel in 0..<channels {
        var peak = 0.0
        unsafe ebur128_prev_true_peak(state, UInt32(channel), &peak)
        peakOfStep = max(peakOfStep, peak)
      }
      if untilNext == 0 { noteMoment() }
    }
  }

  private func noteMoment() {
    var moment = Moment(momentary: -.infinity, shortTerm: -.infinity, truePeak: peakOfStep)
    unsafe ebur128_loudness_momentary(state, &moment.momentary)
    unsafe ebur128_loudness_shortterm(state, &moment.shortTerm)
    moments.append(moment)
    peakOfStep = 0
    untilNext = step
  }

  /// LKFS of everything so far, gated.
  package var integrated: Double {
    var value = -Double.infinity
    unsafe ebur128_loudness_global(state, &value)
    return value
  }

  /// LU.
  package var range: Double {
    var value = 0.0
    unsafe ebur128_loudness_range(state, &value)
    return value
  }

  /// The highest of all channels, linear, 1.0 is full scale.
  package var truePeak: Double {
    var highest = 0.0
    for channel in 0..<channels {
      var peak = 0.0
      unsafe ebur128_true_peak(state, UInt32(channel), &peak)
      highest = max(highest, peak)
    }
    return highest
  }
}
