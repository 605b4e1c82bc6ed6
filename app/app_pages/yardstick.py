"""Yardstick: published and hand-computed values, made again by our measures, and where known libraries differ."""

import pandas as pd
import streamlit as st

from app import cached, yardstick_words
from app.text import literal

st.header("Check the yardstick", anchor=False)
st.markdown(yardstick_words.INTRO)
if st.button("Compute everything again", icon=":material/refresh:", key="yardstick-again"):
    cached.forget_yardstick()
with st.spinner("Computing every value …"):
    told = cached.yardstick()
(st.success if told["ok"] else st.error)(literal(yardstick_words.result(told)))
for title, reading, rows in yardstick_words.parts(told):
    st.subheader(title, anchor=False)
    st.caption(reading)
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=420, alt=title)
st.caption(yardstick_words.LEFT_OUT)
