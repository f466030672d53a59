/** The picture of where calls are: folders and files as areas of a map, as large as the sites in them, as dark as what breaks. */

import type { CallSite, Level } from '#audit/finding.ts'
import { escapeHtml } from '#base/html.ts'
import { levelOf } from './summary.ts'

const width = 960
const height = 420
/** Areas that are told apart by the eye; smaller ones are drawn together. */
const filesMax = 150
const labelHeight = 16

type Area = {
  readonly name: string
  readonly size: number
  readonly level: Level
  readonly inner: readonly Area[]
  readonly title: string
}
type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

const colours: Readonly<Record<Level, string>> = { error: '#c4392f', warning: '#d9932b', note: '#3f7cac' }

const worst = (levels: readonly Level[]): Level =>
  levels.includes('error') ? 'error' : levels.includes('warning') ? 'warning' : 'note'

const areasOf = (sites: readonly CallSite[]): readonly Area[] => {
  const folders = new Map<string, Map<string, CallSite[]>>()
  for (const site of sites) {
    const slash = site.path.lastIndexOf('/')
    const folder = slash === -1 ? '.' : site.path.slice(0, slash)
    const files = folders.get(folder) ?? new Map<string, CallSite[]>()
    folders.set(folder, files)
    files.set(site.path, [...(files.get(site.path) ?? []), site])
  }
  return [...folders]
    .map(([folder, files]): Area => {
      const inner = [...files]
        .map(
          ([path, own]): Area => ({
            name: path.slice(path.lastIndexOf('/') + 1),
            size: own.length,
            level: worst(own.map(levelOf)),
            inner: [],
            title: `${path}: ${own.length} found`,
          }),
        )
        .toSorted((one, other) => other.size - one.size)
        .slice(0, filesMax)
      return {
        name: folder,
        size: inner.reduce((sum, { size }) => sum + size, 0),
        level: worst(inner.map(({ level }) => level)),
        inner,
        title: folder,
      }
    })
    .toSorted((one, other) => other.size - one.size)
    .slice(0, filesMax)
}

/** Cuts the box in two again and again, so that both halves hold about the same. */
const laidOut = (areas: readonly Area[], box: Box): readonly (readonly [Area, Box])[] => {
  const [first] = areas
  if (first === undefined) return []
  if (areas.length === 1) return [[first, box]]
  const total = areas.reduce((sum, { size }) => sum + size, 0)
  let taken = 0
  let count = 0
  while (count < areas.length - 1 && (count === 0 || taken + (areas[count]?.size ?? 0) / 2 < total / 2)) {
    taken += areas[count]?.size ?? 0
    count += 1
  }
  const part = taken / total
  const isWide = box.width >= box.height
  const one: Box = isWide ? { ...box, width: box.width * part } : { ...box, height: box.height * part }
  const other: Box = isWide
    ? { ...box, x: box.x + one.width, width: box.width - one.width }
    : { ...box, y: box.y + one.height, height: box.height - one.height }
  return [...laidOut(areas.slice(0, count), one), ...laidOut(areas.slice(count), other)]
}

const fitted = (text: string, pixels: number): string => {
  const characters = Math.floor(pixels / 6.6)
  if (characters < 3) return ''
  return text.length <= characters ? text : `…${text.slice(text.length - characters + 1)}`
}

const rectangle = (box: Box, rest: string): string =>
  `<rect x="${box.x.toFixed(1)}" y="${box.y.toFixed(1)}" width="${Math.max(0, box.width - 1).toFixed(1)}" height="${Math.max(0, box.height - 1).toFixed(1)}" ${rest}`

const fileShape = ([area, box]: readonly [Area, Box]): string => {
  const label = box.height > 14 ? escapeHtml(fitted(`${area.name} ${area.size}`, box.width - 6)) : ''
  const text =
    label === '' ? '' : `<text x="${(box.x + 4).toFixed(1)}" y="${(box.y + 12).toFixed(1)}" fill="#fff">${label}</text>`
  return `<g>${rectangle(box, `fill="${colours[area.level]}"`)}><title>${escapeHtml(area.title)}</title></rect>${text}</g>`
}

const folderShape = ([area, box]: readonly [Area, Box]): string => {
  const hasLabel = box.height > labelHeight * 2
  const label = hasLabel
    ? `<text x="${(box.x + 3).toFixed(1)}" y="${(box.y + 12).toFixed(1)}" class="folder">${escapeHtml(fitted(area.name === '.' ? '(root)' : area.name, (box.width - 6) * 0.88))}</text>`
    : ''
  const inner = hasLabel ? { ...box, y: box.y + labelHeight, height: box.height - labelHeight } : box
  return `${rectangle(box, 'class="ground"')}/>${label}${laidOut(area.inner, {
    ...inner,
    x: inner.x + 1,
    width: inner.width - 2,
  })
    .map(fileShape)
    .join('')}`
}

/** An SVG picture; empty when nothing was found. */
export const mapSvg = (sites: readonly CallSite[]): string => {
  const areas = areasOf(sites)
  if (areas.length === 0) return ''
  const shapes = laidOut(areas, { x: 0, y: 0, width, height }).map(folderShape).join('\n')
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Where calls are: one area a file, as large as what was found in it">${shapes}</svg>`
}
