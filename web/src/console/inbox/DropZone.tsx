import { IconFileUpload } from '@tabler/icons-react'
import { type RefObject, useEffect, useState } from 'react'
import { dropped } from './attach'
import styles from './Conversation.module.css'
import { useTray } from './trays'
import { words } from './words'

/** Takes files that are dropped anywhere onto a conversation. */
export function DropZone({ room, column }: { room: string; column: RefObject<HTMLElement | null> }) {
  const tray = useTray(room)
  const [over, setOver] = useState(false)
  useEffect(() => {
    const node = column.current
    if (!node || !tray) return
    let depth = 0 // each child that the pointer enters says so
    const files = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => { if (files(event) && ++depth === 1) setOver(true) }
    const leave = (event: DragEvent) => { if (files(event) && --depth === 0) setOver(false) }
    const above = (event: DragEvent) => { if (files(event)) event.preventDefault() }
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !files(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      dropped(tray, event.dataTransfer)
      node.querySelector('textarea')?.focus()
    }
    const stray = (event: DragEvent) => { // beside the conversation the browser would leave the page for the file
      if (!files(event) || event.defaultPrevented) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'none'
    }
    const all = [['dragenter', enter], ['dragleave', leave], ['dragover', above], ['drop', drop]] as const
    for (const [name, listener] of all) node.addEventListener(name, listener)
    window.addEventListener('dragover', stray)
    window.addEventListener('drop', stray)
    return () => {
      for (const [name, listener] of all) node.removeEventListener(name, listener)
      window.removeEventListener('dragover', stray)
      window.removeEventListener('drop', stray)
    }
  }, [column, tray])
  return over ? <div className={styles.drop} aria-hidden><IconFileUpload size={30} />{words.files.drop}</div> : null
}
