import Diagnostics
import Foundation
import Media
import SoundMixing
import TaskGraph

/// One layout of a mix on its way to its target: gain and ceiling are set anew until what comes out is right.
struct MixMaster {
  /// The limiter aims this far under the limit, because meters of other makes interpolate differently…
  private static let aim = Level(thousandths: 400)
  /// …and what it leaves must measure at least this far under it.
  private static let margin = Level(thousandths: 300)
  /// How near the target the finished mix must measure; meters of other makes then agree within 0.2 LU.
  private static let tolerance = Level(thousandths: 100)
  /// After that many tries the target cannot be reached.
  static let mostTries = 8

  let layout: MixLayout
  let target: LoudnessTarget?
  private(set) var correction: LoudnessCorrection?

  var gain: Double { correction?.gain.ratio ?? 1 }

  init(_ layout: MixLayout, target: LoudnessTarget?) {
    self.layout = layout
    self.target = target
  }

  /// Sets gain and ceiling from the loudness of the mix as it is.
  mutating func begin(measured meter: LoudnessMeter) throws {
    guard let target else { return }
    guard let measured = Level(measured: meter.integrated) else {
      throw WorkerFailure(
        unreachable:
          "the \(layout.rawValue) mix is silent, so nothing brings it to \(target.integrated) LKFS",
        remedy: "Give the sound, or leave out `loudness:`.")
    }
    correction = LoudnessCorrection(
      measured: measured, gain: target.integrated - measured, ceiling: target.truePeak - Self.aim)
  }

  /// Judges what came out.
  ///
  /// - Returns: whether it is right; if not, gain and ceiling are set for another try.
  mutating func accept(_ facts: LoudnessFacts, limiter: TruePeakLimiter?, isLastTry: Bool) throws -> Bool {
    guard let target, var correction, let limiter else { return true }
    correction.limitedSamples = limiter.limitedSamples
    correction.largestReduction =
      Level(measured: -20 * log10(limiter.lowestGain)).map { Level(thousandths: max(0, $0.thousandths)) }
      ?? .zero
    let difference = facts.integrated.map { target.integrated - $0 } ?? .zero
    let excess = facts.truePeak.map { $0 - (target.truePeak - Self.margin) } ?? .zero
    if difference.magnitude <= Self.tolerance, excess <= .zero {
      self.correction = correction
      return true
    }
    guard !isLastTry else {
      throw WorkerFailure(
        unreachable:
          "the \(layout.rawValue) mix comes to \(facts.integrated?.description ?? "silence") LKFS and "
          + "\(facts.truePeak?.description ?? "silence") dBTP, not to \(target.integrated) LKFS under "
          + "\(target.truePeak) dBTP: its peaks leave no room for more",
        remedy: "Ask for a lower `integrated` or a higher `truePeak`, or lower the loudest events.")
    }
    if difference.magnitude > Self.tolerance { correction.gain = correction.gain + difference }
    if excess > .zero { correction.ceiling = correction.ceiling - excess }
    self.correction = correction
    return false
  }
}

extension WorkerFailure {
  /// A target that this sound does not meet: a person has to decide.
  init(unreachable message: String, remedy: String) {
    self.init(
      exit: 4, failure: .user,
      diagnostics: [
        .init(
          severity: .error, family: .verification, code: "mix.targetNotReached", location: nil,
          message: message, remedy: remedy)
      ])
  }
}

extension LoudnessFacts {
  /// What a meter says at the end, rounded so that processors agree.
  init(_ meter: LoudnessMeter) {
    let moments = meter.moments
    self.init(
      integrated: Level(measured: meter.integrated), range: Level(measured: meter.range),
      truePeak: Level(measured: 20 * log10(meter.truePeak)),
      momentaryMaximum: Level(measured: moments.map(\.momentary).max() ?? -.infinity),
      shortTermMaximum: Level(measured: moments.map(\.shortTerm).max() ?? -.infinity))
  }
}

extension LoudnessSeries {
  /// To hundredths: a curve needs no more, and it is published.
  init(_ meter: LoudnessMeter) {
    func hundredths(_ value: Double) -> Level? {
      Level(measured: value).map { Level(thousandths: Int((Double($0.thousandths) / 10).rounded()) * 10) }
    }
    self.init(
      momentary: meter.moments.map { hundredths($0.momentary) },
      shortTerm: meter.moments.map { hundredths($0.shortTerm) },
      truePeak: meter.moments.map { hundredths(20 * log10($0.truePeak)) })
  }
}

extension WaveWriter.Loudness {
  init(_ facts: LoudnessFacts) {
    func hundredths(_ level: Level?) -> Int? {
      level.map { Int((Double($0.thousandths) / 10).rounded()) }
    }
    self.init(
      integrated: hundredths(facts.integrated), range: hundredths(facts.range),
      truePeak: hundredths(facts.truePeak), momentaryMaximum: hundredths(facts.momentaryMaximum),
      shortTermMaximum: hundredths(facts.shortTermMaximum))
  }
}
