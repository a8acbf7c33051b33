import Board
import Testing

@Suite struct BoardPageTests {}
