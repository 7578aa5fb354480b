import { Button, Loader } from '@mantine/core'
import { IconDownload, IconFile, IconFileText, IconFileZip, IconMusic, IconPhoto, IconPhotoOff, IconPlayerPlay, IconVideo } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { type MessageFile, readFile, sentence } from '~/api'
import { sizeOf } from '~/files/size'
import { toast } from '~/look'
import { keep } from '../download'
import { may, useMe } from '../session'
import styles from './Attached.module.css'
import { Lightbox } from './Lightbox'
import { words } from './words'

const w = words.files

/** The files of a message: pictures to be seen, voice notes to be heard, everything else as a card. */
export function Attached({ files }: { files: readonly MessageFile[] }) {
  const pictures = files.filter(isPicture)
  const others = files.filter((file) => !isPicture(file))
  const [shown, show] = useState<number>()
  return (
    <div className={styles.files}>
      {pictures.length > 0 && (
        <ul className={styles.pictures}>
          {pictures.map((file, i) => <li key={file.id}><Picture file={file} show={() => { show(i) }} /></li>)}
        </ul>
      )}
      {others.length > 0 && <ul className={styles.cards}>{others.map((file) => <li key={file.id}><FileCard file={file} /></li>)}</ul>}
      {shown !== undefined && <Lightbox files={pictures} at={shown} go={show} close={() => { show(undefined) }} />}
    </div>
  )
}

/** A picture has a view that the server has made; without one it is a file like others. */
function isPicture(file: MessageFile): boolean {
  return file.kind === 'image' && (file.w ?? 0) > 0 && (file.h ?? 0) > 0
}

const raster = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']
const sounds = /^(audio|video)\/[a-z0-9.+-]+$/

/** A file that is fetched with the session and shown from memory. Only what players and pictures are gets an address in the page. */
export function useFile(id: string, what: 'thumb' | 'view' | 'content', wanted: boolean): { url?: string; error?: unknown; again: () => void } {
  const [got, set] = useState<{ url?: string; error?: unknown }>({})
  const [tries, setTries] = useState(0)
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    let url: string | undefined
    readFile(id, what, stop.signal).then((blob) => {
      if (stop.signal.aborted) return
      if (!(what === 'content' ? sounds.test(blob.type) : raster.includes(blob.type))) throw new Error('not to be shown')
      url = URL.createObjectURL(blob)
      set({ url })
    }).catch((error: unknown) => { if (!stop.signal.aborted) set({ error }) })
    return () => {
      stop.abort()
      if (url) URL.revokeObjectURL(url)
    }
  }, [id, what, wanted, tries])
  return { ...got, again: () => { set({}); setTries((n) => n + 1) } }
}

const box = { w: 300, h: 240, least: 56 }

/** Fits a picture into its box, so that nothing moves when it comes. */
function fit(w: number, h: number): { width: number; height: number } {
  const scale = Math.min(1, box.w / w, box.h / h)
  return { width: Math.max(box.least, Math.round(w * scale)), height: Math.max(box.least, Math.round(h * scale)) }
}

function Picture({ file, show }: { file: MessageFile; show: () => void }) {
  const place = useRef<HTMLButtonElement>(null)
  const near = useNear(place)
  const { url, error, again } = useFile(file.id, 'thumb', near)
  const size = fit(file.w ?? 0, file.h ?? 0)
  return (
    <button ref={place} type="button" className={styles.picture} data-failed={error !== undefined || undefined} style={{ width: size.width, aspectRatio: `${String(size.width)} / ${String(size.height)}` }} onClick={error === undefined ? show : again}>
      {url ? <img src={url} alt={file.name} draggable={false} />
      : error === undefined ? <><IconPhoto size={22} aria-hidden /><span className="p-unseen">{w.loadingPicture(file.name)}</span></>
      : <><IconPhotoOff size={22} aria-hidden /><span>{w.pictureFailed}</span><span className="p-unseen">{file.name}</span></>}
    </button>
  )
}

/** True once something has come near what is seen. */
function useNear(place: React.RefObject<HTMLElement | null>): boolean {
  const [near, set] = useState(false)
  useEffect(() => {
    const node = place.current
    if (!node || near) return
    const watch = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) set(true) }, { rootMargin: '400px' })
    watch.observe(node)
    return () => { watch.disconnect() }
  }, [place, near])
  return near
}

const icons = { image: IconPhoto, document: IconFileText, audio: IconMusic, video: IconVideo, other: IconFile }

export function iconOf({ kind, type }: { kind: MessageFile['kind']; type: string }): typeof IconFile {
  return /zip|tar|compressed/.test(type) ? IconFileZip : icons[kind]
}

function FileCard({ file }: { file: MessageFile }) {
  const hears = may(useMe(), 'file.download')
  const Icon = iconOf(file)
  return (
    <div className={styles.card}>
      <span className={styles.icon} data-kind={file.kind} aria-hidden><Icon size={20} /></span>
      <span className={styles.name}>
        <strong title={file.name}>{file.name}</strong>
        <span>{w.kinds[file.kind]}, {sizeOf(file.size)}</span>
      </span>
      {hears && <Download file={file} />}
      {hears && file.kind === 'audio' && <Player file={file} />}
    </div>
  )
}

export function Download({ file, labelled = false }: { file: MessageFile; labelled?: boolean }) {
  const [busy, setBusy] = useState(false)
  const get = () => {
    setBusy(true)
    readFile(file.id, 'content')
      .then((blob) => { keep(blob, file.name) }, (error: unknown) => { toast(w.downloadFailed(file.name, sentence(error)), 'bad') })
      .finally(() => { setBusy(false) })
  }
  return labelled
    ? <Button variant="default" size="xs" loading={busy} leftSection={<IconDownload size={16} aria-hidden />} onClick={get}>{w.download}</Button>
    : (
      <button type="button" className={styles.round} aria-label={w.downloadOf(file.name)} title={w.download} aria-busy={busy} onClick={() => { if (!busy) get() }}>
        {busy ? <Loader size={16} /> : <IconDownload size={18} aria-hidden />}
      </button>
    )
}

/** A sound is fetched when somebody wants to hear it, and not before: the ledger notes it as a download. */
function Player({ file }: { file: MessageFile }) {
  const [wanted, want] = useState(false)
  const { url, error, again } = useFile(file.id, 'content', wanted)
  if (url) return <audio className={styles.player} controls autoPlay src={url} aria-label={file.name} ref={focusOnce} />
  return (
    <div className={styles.player}>
      {error !== undefined && <p role="alert">{w.playFailed(sentence(error))}</p>}
      <Button variant="default" size="xs" loading={wanted && error === undefined} leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => { if (wanted) again(); else want(true) }}>
        {w.play}
      </Button>
    </div>
  )
}

/** The button that was pressed is gone: the reader goes on at what took its place. */
function focusOnce(node: HTMLAudioElement | null): void {
  node?.focus()
}
