import { Button, FileInput, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, Problem, sentence, take } from '~/api'
import type { components } from '~/api/schema'
import { Notice, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import { type ListName, useChanged } from './data'
import styles from './Security.module.css'
import { words } from './words'

const w = words.visitorList
const most = 8 * 2 ** 20 - 100 // bytes of the file as it travels; the server takes 8 MiB with what is around it

/** What the text is as a string of JSON, in which quotes and line ends are longer. */
const travels = (csv: string) => new Blob([JSON.stringify(csv)]).size

type Found = components['schemas']['VisitorImported']

/** Shows what the lines of a file are, and adds the good ones to a visitors' list. */
export function Import({ list, close }: { list: ListName; close: () => void }) {
  const changed = useChanged()
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const send = (csv: string, dry: boolean) => take(api.POST('/api/v1/security/visitor-list/csv', { body: { list, csv, dry_run: dry } }))
  const look = useMutation({ mutationFn: (csv: string) => send(csv, true) })
  const apply = useMutation({ mutationFn: () => send(text, false), onSuccess: (done) => { toast(w.imported(done.good)); changed(); close() } })
  const choose = async (file: File | null) => {
    setWrong('')
    setText('')
    look.reset()
    apply.reset()
    if (!file) return
    if (file.size > most) {
      setWrong(w.tooLarge)
      return
    }
    const csv = await file.text().catch(() => '')
    if (csv.trim() === '') setWrong(w.unreadable)
    else if (travels(csv) > most) setWrong(w.tooLarge)
    else {
      setText(csv)
      look.mutate(csv)
    }
  }
  const error = apply.error ?? look.error
  const found = look.data
  return (
    <Modal opened onClose={close} title={`${w.importTitle}: ${w.tabs[list] ?? ''}`}>
      <div className={forms.stack}>
        <p className={forms.lead}>{w.importLead}</p>
        <FileInput label={w.choose} accept=".csv,.txt,text/csv,text/plain" data-autofocus clearable error={wrong || undefined} onChange={(file) => void choose(file)} />
        {error && !(error instanceof Problem && error.unproved) && <Notice tone="danger">{sentence(error)}</Notice>}
        <div aria-live="polite">{found && <Lines found={found} />}</div>
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button disabled={!found || found.good === 0} loading={look.isPending || apply.isPending} onClick={() => { apply.mutate() }}>{w.apply}</Button>
        </div>
      </div>
    </Modal>
  )
}

function Lines({ found }: { found: Found }) {
  const bad = found.bad ?? []
  const again = found.known + found.doubled
  return (
    <div className={forms.stack}>
      <Notice tone={found.good > 0 ? 'good' : 'info'}>{[w.good(found.good), again > 0 ? w.known(again) : ''].filter(Boolean).join(' ')}</Notice>
      {found.wrong > 0 && (
        <Notice tone="warn" title={w.bad(found.wrong)}>
          <ul className={styles.bad}>{bad.map((one) => <li key={one.line}><b>{w.line(one.line)}</b>: {one.reason}</li>)}</ul>
          {found.wrong > bad.length && w.others(found.wrong - bad.length)}
        </Notice>
      )}
    </div>
  )
}
