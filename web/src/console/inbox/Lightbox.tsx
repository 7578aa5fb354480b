import { ActionIcon, Loader, Modal } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { type MessageFile, sentence } from '~/api'
import { sizeOf } from '~/files/size'
import { Failed } from '~/look'
import { useFocusBack } from '../forms/focus'
import { may, useMe } from '../session'
import { Download, useFile } from './Attached'
import styles from './Attached.module.css'
import { words } from './words'

const w = words.files

/** A picture at its full size, and the others of its message to the left and right. Escape closes; the arrow keys go on. */
export function Lightbox({ files, at, go, close }: { files: readonly MessageFile[]; at: number; go: (to: number) => void; close: () => void }) {
  useFocusBack()
  const file = files[at]
  if (!file) return null
  const step = (by: 1 | -1) => { if (files[at + by]) go(at + by) }
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowRight') step(1)
    if (event.key === 'ArrowLeft') step(-1)
  }
  return (
    <Modal opened onClose={close} title={file.name} size="min(1100px, 100%)" onKeyDown={onKey}>
      <div className={styles.light}>
        <Shown key={file.id} file={file} />
        <Under file={file} files={files} at={at} step={step} />
      </div>
    </Modal>
  )
}

function Shown({ file }: { file: MessageFile }) {
  const { url, error, again } = useFile(file.id, 'view', true)
  if (error !== undefined) return <Failed text={`${w.pictureFailed}. ${sentence(error)}`} again={again} />
  return (
    <div className={styles.stage}>
      {url ? <img src={url} alt={file.name} width={file.w} height={file.h} /> : <Loader size="sm" role="status" aria-label={w.loadingPicture(file.name)} />}
    </div>
  )
}

function Under({ file, files, at, step }: { file: MessageFile; files: readonly MessageFile[]; at: number; step: (by: 1 | -1) => void }) {
  const hears = may(useMe(), 'file.download')
  return (
    <div className={styles.under}>
      <span aria-live="polite">{files.length > 1 && `${w.ofMany(at + 1, files.length)}, `}{sizeOf(file.size)}</span>
      {files.length > 1 && (
        <>
          <ActionIcon variant="default" size={34} aria-label={w.previous} disabled={at === 0} onClick={() => { step(-1) }}><IconChevronLeft size={18} /></ActionIcon>
          <ActionIcon variant="default" size={34} aria-label={w.next} disabled={at === files.length - 1} onClick={() => { step(1) }}><IconChevronRight size={18} /></ActionIcon>
        </>
      )}
      {hears && <Download key={file.id} file={file} labelled />}
    </div>
  )
}
