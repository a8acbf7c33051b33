import Delivery
import Digests
import Foundation
import MediaTime
import Testing

@Suite struct EncodingTests {
  private let plain = Encoding(
    codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 1280, height: 720,
    rate: FrameRate(24_000, 1001), quantiser: nil, options: ["vendor": "apl0"],
    tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"),
    builtBy: "libavcodec 59; kernels 1", lowestPSNR: 34)

  private func changed(_ change: (inout Encoding) -> Void) -> Digest {
    var copy = plain
    change(&copy)
    return copy.digest
  }

  @Test func `everything that decides bytes is in the digest`() {
    let digests = [
      plain.digest, changed { $0.codec = "png" }, changed { $0.profile = 2 }, changed { $0.profile = nil },
      changed { $0.pixelFormat = "yuv444p10le" }, changed { $0.width = 1282 }, changed { $0.height = 722 },
      changed { $0.rate = FrameRate(24) }, changed { $0.quantiser = 4 },
      changed { $0.budgetRule = 1 }, changed { $0.budgetRule = 2 }, changed { $0.isVerified = false },
      changed { $0.options = [:] },
      changed { $0.options["vendor"] = "fmp4" }, changed { $0.options["bits_per_mb"] = "8000" },
      changed { $0.tags.primaries = "bt2020" }, changed { $0.tags.transfer = "smpte2084" },
      changed { $0.tags.matrix = "gbr" }, changed { $0.tags.range = "pc" },
      changed { $0.builtBy = "libavcodec 60; kernels 1" }, changed { $0.chroma = "left" },
      changed { $0.chroma = "topleft" }, changed { $0.isDithered = true },
    ]
    #expect(Set(digests).count == digests.count)
  }

  @Test func `the verification threshold makes no other encoding`() {
    #expect(changed { $0.lowestPSNR = 50 } == plain.digest)
  }

  @Test func `the order in which options are given does not matter, their pairing does`() {
    let forward = changed { $0.options = ["a": "1", "b": "2", "c": "3", "d": "4"] }
    let back = changed { encoding in
      encoding.options = [:]
      for (name, value) in [("d", "4"), ("c", "3"), ("b", "2"), ("a", "1")] { encoding.options[name] = value }
    }
    #expect(forward == back)
    #expect(forward != changed { $0.options = ["a": "2", "b": "1", "c": "3", "d": "4"] })
    #expect(changed { $0.options = ["ab": "c"] } != changed { $0.options = ["a": "bc"] })
  }

  @Test func `width and height do not stand for each other`() {
    #expect(
      changed { encoding in
        encoding.width = 720
        encoding.height = 1280
      } != plain.digest)
  }

  @Test func `an encoding read back from JSON has the same digest`() throws {
    let copy = try JSONDecoder().decode(Encoding.self, from: JSONEncoder().encode(plain))
    #expect(copy == plain)
    #expect(copy.digest == plain.digest)
  }

  /// Changes only together with `Encoding`'s field list: then every frame ever encoded is made again.
  @Test func `the digest is the same in every build`() {
    #expect(plain.digest.hex == "bdf8daa74996274cdc239b3de0c9d8f55edfb21893c4021be0850f45a630cc65")
  }
}
