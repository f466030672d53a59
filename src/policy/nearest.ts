/** Names near to a mistyped one. */

/** Longer names are compared by their first characters only. */
const comparedLengthMax = 64

/** Levenshtein distance by two rows, of texts of at most 64 characters. */
const distanceOf = (left: string, right: string): number => {
  let before = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const here = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const change = left[row - 1] === right[column - 1] ? 0 : 1
      here.push(Math.min((before[column] ?? 0) + 1, (here[column - 1] ?? 0) + 1, (before[column - 1] ?? 0) + change))
    }
    before = here
  }
  return before[right.length] ?? 0
}

const lastSegment = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/**
 * How far a wanted name is from a known one, 0 = the same but for case and vendor prefix. A known name that contains
 * the wanted one, or the reverse, is near: `gpt-4` and `openai/gpt-4.1`.
 */
const farness = (wanted: string, known: string): number => {
  const left = lastSegment(wanted)
  const right = lastSegment(known)
  if (left === right) return 0
  const distance = distanceOf(left, right)
  const within = left.length >= 3 && right.length >= 3 && (left.includes(right) || right.includes(left))
  return within ? Math.min(distance, 2) : distance
}

/** At most `countMax` of the known names, the nearest first, none further than a third of the wanted name's length. */
export const nearestNames = (wanted: string, known: Iterable<string>, countMax: number): readonly string[] => {
  const cut = (name: string): string => name.slice(0, comparedLengthMax).toLowerCase()
  const from = cut(wanted)
  const farthest = Math.max(2, Math.floor(from.length / 3))
  const ranked: { readonly name: string; readonly far: number }[] = []
  for (const name of known) {
    const far = farness(from, cut(name))
    if (far <= farthest) ranked.push({ name, far })
  }
  ranked.sort((a, b) => a.far - b.far || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
  return ranked.slice(0, countMax).map(({ name }) => name)
}
