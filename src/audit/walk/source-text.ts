/** The code of files that hold more than code, with every line where it is in the file. */

/** Code, and the line of the file that each of its lines is from. */
export type MappedText = { readonly text: string; readonly lines: readonly number[] }

/** Magic commands of notebooks are no Python. */
const plainPython = (line: string): string => line.replace(/^(\s*)[!%].*$/, '$1pass')

/** The code cells of a notebook. */
export const notebookText = (raw: string): MappedText => {
  const text: string[] = []
  const lines: number[] = []
  let isCode = false
  let isSource = false
  for (const [index, line] of raw.split('\n').entries()) {
    const type = /"cell_type"\s*:\s*"(\w+)"/.exec(line)?.[1]
    if (type !== undefined) isCode = type === 'code'
    const whole = /^\s*"source"\s*:\s*("(?:[^"\\]|\\.)*")\s*,?\s*$/.exec(line)?.[1]
    if (/"source"\s*:\s*\[\s*$/.test(line)) {
      isSource = true
      continue
    }
    const content = whole ?? (isSource ? /^\s*("(?:[^"\\]|\\.)*")\s*,?\s*$/.exec(line)?.[1] : undefined)
    if (content === undefined) isSource = false
    if (content === undefined || !isCode) continue
    for (const code of (JSON.parse(content) as string).replace(/\n$/, '').split('\n')) {
      text.push(plainPython(code))
      lines.push(index + 1)
    }
  }
  return text.length > 0 || raw.includes('\n ') ? { text: text.join('\n'), lines } : compactNotebook(raw)
}

/** A notebook that was written on one line. */
const compactNotebook = (raw: string): MappedText => {
  try {
    const notebook = JSON.parse(raw) as {
      cells?: readonly { cell_type?: string; source?: string | readonly string[] }[]
    }
    const cells = (notebook.cells ?? []).filter((cell) => cell.cell_type === 'code')
    const text = cells.map(({ source = '' }) => (typeof source === 'string' ? source : source.join(''))).join('\n')
    return { text, lines: text.split('\n').map(() => 1) }
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return { text: '', lines: [] }
    throw thrown
  }
}

const scriptForm = /<script\b[^>]*>([\s\S]*?)<\/script>|^---\r?\n([\s\S]*?)\r?\n---/gi

/** The scripts of a component; what is around them is blank. */
export const componentText = (raw: string): string => {
  const kept = raw.replace(/[^\n]/g, ' ').split('')
  for (const match of raw.matchAll(scriptForm)) {
    const inner = match[1] ?? match[2] ?? ''
    const start = match.index + match[0].indexOf(inner)
    for (let at = 0; at < inner.length; at += 1) kept[start + at] = inner.charAt(at)
  }
  return kept.join('')
}
