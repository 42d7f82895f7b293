/** A batch of `/v1/batches`, as far as tests look at it. */
export interface BatchBody {
  id: string;
  status: string;
  input_file_id: string;
  output_file_id?: string;
  error_file_id?: string;
  created_at: number;
  in_progress_at?: number;
  finalizing_at?: number;
  completed_at?: number;
  cancelling_at?: number;
  cancelled_at?: number;
  request_counts: { total: number; completed: number; failed: number };
  usage: { input_tokens: number; output_tokens: number; total_tokens: number };
  errors?: { data: { code: string; line: number | null; param: string | null }[] };
}

/** A line of one of its files. */
export interface ResultLine {
  id: string;
  custom_id: string | null;
  response: { status_code: number; request_id: string; body: AnswerBody } | null;
  error: { code: string; message: string; line: number | null; param: string | null } | null;
}

interface AnswerBody {
  choices?: { message: { content: string } }[];
  error?: { code: string | null; param: string | null };
}
