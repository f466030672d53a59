/** Two texts held against each other, line by line. */

export type DiffLine = { readonly sign: ' ' | '+' | '-'; readonly text: string }

/** Beyond so many pairs of lines that differ, what differs is told as one piece: a table of them would take too much memory. */
const pairsMax = 4_000_000
const contextLines = 2

/** The longest common run of lines, by the table of Wagner and Fischer (J. ACM 21, 1974). */
const piece = (before: readonly string[], after: readonly string[]): readonly DiffLine[] => {
  const gone = before.map((text): DiffLine => ({ sign: '-', text }))
  const come = after.map((text): DiffLine => ({ sign: '+', text }))
  if (before.length * after.length > pairsMax) return [...gone, ...come]
  const width = after.length + 1
  const common = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number): number => common[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      common[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      lines.push({ sign: ' ', text: before[row] ?? '' })
      row += 1
      column += 1
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push({ sign: '-', text: before[row] ?? '' })
      row += 1
    } else {
      lines.push({ sign: '+', text: after[column] ?? '' })
      column += 1
    }
  }
  return [...lines, ...gone.slice(row), ...come.slice(column)]
}

/** Lines that changed with two around each; nothing where the texts are the same. */
export const lineDiff = (before: string, after: string): readonly DiffLine[] => {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let [first, last] = [0, 0]
  const shorter = Math.min(old.length, now.length)
  while (first < shorter && old[first] === now[first]) first += 1
  while (last < shorter - first && old.at(-1 - last) === now.at(-1 - last)) last += 1
  const same = (texts: readonly string[]): readonly DiffLine[] => texts.map((text) => ({ sign: ' ', text }))
  const all = [
    ...same(old.slice(0, first)),
    ...piece(old.slice(first, old.length - last), now.slice(first, now.length - last)),
    ...same(old.slice(old.length - last)),
  ]
  const isNear = (place: number): boolean =>
    all.slice(Math.max(0, place - contextLines), place + contextLines + 1).some(({ sign }) => sign !== ' ')
  return all.filter((_line, place) => isNear(place))
}
