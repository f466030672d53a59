/** The code of files that hold more than code, with every line where it is in the file. */

/** The code cells of a notebook; all other lines are blank. */
export const notebookText = (raw: string): string => {
  const lines = raw.split('\n')
  let isCode = false
  let isSource = false
  const text = lines.map((line) => {
    const type = /"cell_type"\s*:\s*"(\w+)"/.exec(line)?.[1]
    if (type !== undefined) isCode = type === 'code'
    if (/"source"\s*:\s*\[\s*$/.test(line)) {
      isSource = true
      return ''
    }
    if (!isSource) return ''
    const content = /^\s*("(?:[^"\\]|\\.)*")\s*,?\s*$/.exec(line)?.[1]
    if (content === undefined) {
      isSource = false
      return ''
    }
    const code = isCode ? (JSON.parse(content) as string).replace(/\n$/, '') : ''
    return /^\s*[!%]/.test(code) || code.includes('\n') ? code.replaceAll('\n', ' ').replace(/^(\s*)[!%].*$/, '') : code
  })
  return text.some((line) => line !== '') || lines.length > 40 ? text.join('\n') : compactNotebook(raw)
}

/** A notebook that was written on few lines: its code has the first line of the file. */
const compactNotebook = (raw: string): string => {
  try {
    const notebook = JSON.parse(raw) as {
      cells?: readonly { cell_type?: string; source?: string | readonly string[] }[]
    }
    const cells = (notebook.cells ?? []).filter((cell) => cell.cell_type === 'code')
    return cells.map(({ source = '' }) => (typeof source === 'string' ? source : source.join(''))).join('\n')
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return ''
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
