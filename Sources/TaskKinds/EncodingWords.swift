import Delivery
import Digests
import TaskGraph

extension Encoding {
  /// Every field that enters the key of an encoded frame, as ingredients.
  var ingredients: [Ingredient] {
    var facts = [
      ("codec", codec), ("profile", profile.map { "\($0)" } ?? "none"), ("pixel format", pixelFormat),
      ("raster", "\(width)x\(height)"), ("rate", "\(rate)"),
      ("quantiser", quantiserWords),
    ]
    facts += options.sorted { $0.key < $1.key }.map { ("option \($0.key)", $0.value) }
    facts += [
      ("primaries", tags.primaries), ("transfer", tags.transfer), ("matrix", tags.matrix),
      ("range", tags.range), ("unit", unit == .group ? "group" : "frame"),
    ]
    if isVerified == false { facts.append(("verification", "none")) }
    if let chroma { facts.append(("chroma", chroma)) }
    if isDithered == true { facts.append(("dither", "yes")) }
    return facts.map { Ingredient($0.0, $0.1, group: "encoding") }
      + BuildWords.ingredients(builtBy, group: "encoding")
      + [Ingredient(Ingredient.digest, digest.shortHex, group: "encoding")]
  }

  private var quantiserWords: String {
    quantiser.map { "\($0)" } ?? budgetRule.map { "by size, rule \($0)" } ?? "none"
  }
}
