// The answer to a message that could not be answered otherwise: whoever asked waits for one.
export const failedAnswer = (version, id, error) =>
  ({ v: version, re: id, body: { err: { failure: "internal", detail: String(error) } }, blobs: [] });
