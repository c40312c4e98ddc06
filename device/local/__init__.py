"""The local speech-to-speech engine: an OpenAI Realtime server over a VAD, STT, brain and TTS cascade."""
