import { ActionIcon, Button } from '@mantine/core'
import { IconMicrophone, IconPlayerStopFilled, IconTrash } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { Tray } from '~/files/tray'
import { toast } from '~/look'
import { attach } from './attach'
import styles from './Composer.module.css'
import { words } from './words'

const w = words.files
const most = 10 * 60

/** What browsers record, the best first; the endings are those that the server knows them by. */
const forms = [['audio/webm;codecs=opus', 'webm'], ['audio/ogg;codecs=opus', 'ogg'], ['audio/mp4', 'm4a']] as const

const form = () => (typeof MediaRecorder === 'undefined' ? undefined : forms.find(([type]) => MediaRecorder.isTypeSupported(type)))

/** "0:07" */
function clock(seconds: number): string {
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`
}

export interface Recording {
  /** Seconds; undefined while nothing is recorded. */
  seconds: number | undefined
  possible: boolean
  start: () => void
  /** Ends it; with keep, what was recorded goes into the tray. */
  end: (keep: boolean) => void
}

/** Records a voice note. The microphone is open while it is seen to be, and not a moment longer. */
export function useRecording(tray: Tray | undefined): Recording {
  const [seconds, setSeconds] = useState<number>()
  const now = useRef<{ recorder: MediaRecorder; keep: boolean } | undefined>(undefined)
  const asking = useRef(false)
  const gone = useRef(false)
  const end = (keep: boolean) => {
    if (!now.current) return
    now.current.keep = keep
    if (now.current.recorder.state !== 'inactive') now.current.recorder.stop()
  }
  const last = useRef(end)
  useEffect(() => { last.current = end })
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
      last.current(false)
    }
  }, [])
  const recording = seconds !== undefined
  useEffect(() => {
    if (!recording) return
    const timer = window.setInterval(() => { setSeconds((n) => (n ?? 0) + 1) }, 1_000)
    return () => { window.clearInterval(timer) }
  }, [recording])
  useEffect(() => { if (seconds !== undefined && seconds >= most) last.current(true) }, [seconds])
  const start = () => {
    const how = form()
    if (!tray || !how || asking.current || now.current) return
    asking.current = true
    begin(tray, how, (recorder) => {
      now.current = { recorder, keep: false }
      setSeconds(0)
    }, () => {
      const { keep = false } = now.current ?? {}
      now.current = undefined
      setSeconds(undefined)
      return keep
    }, () => gone.current).catch(() => { toast(w.noMicrophone, 'bad') }).finally(() => { asking.current = false })
  }
  return { seconds, possible: tray !== undefined && form() !== undefined, start, end }
}

async function begin(tray: Tray, [type, ending]: (typeof forms)[number], begun: (recorder: MediaRecorder) => void, ended: () => boolean, gone: () => boolean): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const shut = () => { for (const track of stream.getTracks()) track.stop() }
  if (gone()) { // the person went elsewhere while the browser asked
    shut()
    return
  }
  const recorder = new MediaRecorder(stream, { mimeType: type })
  const pieces: Blob[] = []
  recorder.ondataavailable = ({ data }) => { if (data.size > 0) pieces.push(data) }
  recorder.onstop = () => {
    shut()
    const plain = type.split(';')[0] ?? type
    if (ended() && pieces.length > 0) attach(tray, [new File(pieces, `${w.voice} ${new Date().toISOString().slice(0, 16).replace('T', ' ').replace(':', '.')}.${ending}`, { type: plain })], true)
  }
  recorder.start()
  begun(recorder)
}

/** What stands in the composer's foot while one records. */
export function RecordingBar({ recording }: { recording: Recording }) {
  return (
    <>
      <span className={styles.recording}><span className={styles.red} aria-hidden /><span>{w.recording(clock(recording.seconds ?? 0))}</span></span>
      <ActionIcon variant="subtle" color="gray" size={36} aria-label={w.discard} onClick={() => { recording.end(false) }}><IconTrash size={18} /></ActionIcon>
      <Button data-autofocus autoFocus leftSection={<IconPlayerStopFilled size={16} aria-hidden />} onClick={() => { recording.end(true) }}>{w.stop}</Button>
    </>
  )
}

export function RecordButton({ recording }: { recording: Recording }) {
  if (!recording.possible) return null
  return <ActionIcon variant="subtle" color="gray" size={36} aria-label={w.record} title={w.record} onClick={recording.start}><IconMicrophone size={19} /></ActionIcon>
}
