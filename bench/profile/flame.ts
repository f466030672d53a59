/** A profile as a flame graph: an SVG without scripts, callers below, width is time. */

import { escapeHtml } from '#base/html.ts'
import type { Frame } from './tree.ts'

const [widthPx, rowPx, headPx, characterPx] = [1200, 18, 28, 6.6]
/** Narrower than this nothing is drawn. */
const leastPx = 1.5
const depthMax = 60
const ours = '#2f8f6b'
const colours = new Map([
  ['src/', ours],
  ['node:', '#c58b3a'],
  ['undici/', '#7d6bb0'],
])

const colourOf = (name: string): string => [...colours].find(([mark]) => name.includes(` ${mark}`))?.[1] ?? '#9a5b5b'

type Box = { readonly frame: Frame; readonly leftPx: number; readonly boxPx: number; readonly depth: number }

const boxesOf = (root: Frame): readonly Box[] => {
  const boxes: Box[] = []
  const place = (frame: Frame, leftPx: number, depth: number): void => {
    const boxPx = (frame.totalUs / root.totalUs) * widthPx
    if (boxPx < leastPx || depth > depthMax) return
    boxes.push({ frame, leftPx, boxPx, depth })
    let childPx = leftPx
    const children = [...frame.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const child of children) {
      place(child, childPx, depth + 1)
      childPx += (child.totalUs / root.totalUs) * widthPx
    }
  }
  place(root, 0, 0)
  return boxes
}

/** `title` stands above it. Each box says its name and share to whoever points at it. */
export function flameGraph(root: Frame, title: string): string {
  const boxes = boxesOf(root)
  const rows = Math.max(...boxes.map(({ depth }) => depth)) + 1
  const heightPx = headPx + rows * rowPx
  const drawn = boxes.map(({ frame, leftPx, boxPx, depth }) => {
    const top = heightPx - (depth + 1) * rowPx
    const label = frame.name.slice(0, Math.max(0, Math.floor((boxPx - 6) / characterPx)))
    const share = ((frame.totalUs / root.totalUs) * 100).toFixed(1)
    const text =
      label.length < 3 ? '' : `<text x="${(leftPx + 3).toFixed(1)}" y="${top + 13}">${escapeHtml(label)}</text>`
    return (
      `<g><title>${escapeHtml(frame.name)}: ${share} %</title>` +
      `<rect x="${leftPx.toFixed(1)}" y="${top}" width="${Math.max(0.5, boxPx - 0.5).toFixed(1)}" height="${rowPx - 1}" fill="${colourOf(frame.name)}"/>${text}</g>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" font-family="ui-monospace, monospace" font-size="11" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>
<rect width="${widthPx}" height="${heightPx}" fill="#fdfdfb"/><text x="6" y="18" font-size="13" fill="#222">${escapeHtml(title)}</text>
<g fill="#fff">${drawn.join('\n')}</g></svg>
`
}
