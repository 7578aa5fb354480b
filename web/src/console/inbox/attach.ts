import { toast } from '~/look'
import type { Tray } from '~/files/tray'
import { words } from './words'

/** Puts files into a tray, and says what was left out. */
export function attach(tray: Tray, files: readonly File[], voice = false): void {
  const left = tray.add(files, voice)
  if (left > 0) toast(words.files.tooMany(left), 'bad')
}

/** Files of a drop; folders have no bytes to send. */
export function dropped(tray: Tray, data: DataTransfer): void {
  const items = [...data.items].filter((item) => item.kind === 'file')
  const folder = (item: DataTransferItem) => item.webkitGetAsEntry()?.isDirectory ?? false
  if (items.some(folder)) toast(words.files.folders, 'bad')
  attach(tray, items.filter((item) => !folder(item)).flatMap((item) => item.getAsFile() ?? []))
}

/** Takes a pasted picture or file. A text that comes with a picture of itself, as out of a sheet, is a text. */
export function pasted(tray: Tray, data: DataTransfer): boolean {
  const files = [...data.files]
  if (files.length === 0 || data.types.includes('text/plain')) return false
  attach(tray, files.map((file) => (/^image\.\w+$/.test(file.name) ? new File([file], file.name.replace('image', words.files.pasted), { type: file.type }) : file)))
  return true
}
