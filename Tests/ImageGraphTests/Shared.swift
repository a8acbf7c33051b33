import Digests
import ImageGraph

func digest(_ text: String) -> Digest { Digest.sha256(Array(text.utf8)) }

let rec709 = Interpretation(matrix: .bt709, isFullRange: false)
let clip = PictureSource(media: digest("A001C001"), stream: 0, interpretation: rec709)
let frameSize = Raster(width: 1280, height: 720)
let letterbox = Sizing(raster: frameSize, fit: .letterbox)
let warm = Grade(
  slope: [1.04, 1.01, 0.98], offset: [0.004, 0.002, 0], power: [0.98, 1, 1.01], saturation: 1.05)
let show = Look(table: digest("show.cube"))
let graded = ImageNode.look(show, of: .grade(warm, of: .sizing(letterbox, of: .source(clip))))
