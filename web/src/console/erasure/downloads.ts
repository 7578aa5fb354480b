import { useMutation } from '@tanstack/react-query'
import { sentence } from '~/api'
import { toast } from '~/look'
import { keep } from '../download'
import { archiveOf, certificateOf } from './queries'
import { words } from './words'

/** Downloads the certificate of an erasure. */
export function useCertificate() {
  return useMutation({
    mutationFn: certificateOf,
    onSuccess: (file, erasure) => {
      keep(file, certificateName(erasure))
      toast(words.certificates.downloaded)
    },
    onError: (error) => { toast(sentence(error), 'bad') },
  })
}

export function certificateName(erasure: string): string {
  return `erasure-${erasure}.txt`
}

/** Downloads all that is kept on a contact. quiet: the page says itself that it came. */
export function useArchive(quiet = false) {
  return useMutation({
    mutationFn: archiveOf,
    onSuccess: (file, contact) => {
      keep(file, `contact-${contact}.zip`)
      if (!quiet) toast(words.wizard.copyDone)
    },
    onError: (error) => { toast(sentence(error), 'bad') },
  })
}
