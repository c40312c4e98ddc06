import pytest

from device.local.brain.models import Model, billions, choose, read_models

GB = 1_000_000_000
OLLAMA = {
    "models": [
        {"name": "nomic-embed-text:latest", "size": 274_302_450, "details": {"family": "nomic-bert"}},
        {"name": "llama3.2:3b", "size": 2 * GB, "details": {"family": "llama", "parameter_size": "3.2B"}},
    ]
}
LM_STUDIO = {
    "data": [
        {"id": "text-embedding-x", "type": "embeddings", "state": "not-loaded"},
        {"id": "qwen2.5-7b-instruct", "type": "llm", "state": "loaded"},
    ]
}
LLAMA_CPP = {
    "models": [{"name": "m", "capabilities": ["completion"]}],
    "data": [{"id": "m", "owned_by": "llamacpp", "meta": {"n_params": 1_777_088_000, "size": 1_111_370_240}}],
}


def test_lists_of_several_servers_are_read():
    embed, llama = read_models(OLLAMA)
    assert (embed.chat, llama.name, llama.billions, llama.size) == (False, "llama3.2:3b", 3.2, 2 * GB)
    embed, qwen = read_models(LM_STUDIO)
    assert (embed.chat, qwen.loaded, qwen.billions) == (False, True, 7)
    assert read_models(LLAMA_CPP) == [Model("m", loaded=True, billions=1.777088, size=1_111_370_240)]


@pytest.mark.parametrize("data", [None, [], "x", {}, {"data": {"id": "x"}}, {"data": None, "models": 3}])
def test_what_is_no_list_is_refused(data):
    with pytest.raises(ValueError, match=r"no (list|object)"):
        read_models(data)


def test_what_is_no_model_is_passed_over():
    names = ["good", "", " ", 3, None, "\x1b[31mred", "two\nlines", "x" * 201, "good", "\u202eevil", "Qwen 3"]
    listed = [{"id": name} for name in names] + ["x", None, {"id": "late", "details": 7}]
    assert [model.name for model in read_models({"data": listed})] == ["good", "Qwen 3"]


def test_of_ten_thousand_the_first_are_enough():
    assert 0 < len(read_models({"data": [{"id": f"m{n}"} for n in range(10_000)]})) <= 2000


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("qwen2.5:1.5b", 1.5),
        ("Mixtral-8x7B", 56),
        ("gemma-3-270m-it", 0.27),
        ("gemma3n:e4b", 4),
        ("phi-4", 0),
        ("3bears", 0),
    ],
)
def test_sizes_are_read_from_names(name, size):
    assert billions(name) == size


@pytest.mark.parametrize(
    ("best", "others"),
    [
        ("llama3.2:3b", ["nomic-embed-text", "bge-m3", "whisper-1", "llava-clip"]),
        ("llama3.2:3b", ["llama3.2:1b", "llama3.1:70b"]),
        ("qwen2.5:7b-instruct", ["qwen2.5-coder:7b", "deepseek-r1:8b", "qwen2.5:7b-base"]),
        ("gemma-3-1b-it", ["gemma-3-4b-pt"]),
        ("llama3.1:70b", ["mixtral:8x22b"]),
    ],
)
def test_the_model_is_one_for_talking_as_large_as_is_quick(best, others):
    for names in ([best, *others], [*others, best]):
        chosen = choose([Model(name, billions=billions(name)) for name in names])
        assert chosen is not None
        assert chosen.name == best


def test_one_that_is_loaded_comes_first_but_not_one_that_answers_nothing():
    models = [Model("big-7b-instruct", billions=7), Model("small-1b", loaded=True, billions=1)]
    assert choose([*models, Model("embed", loaded=True)]) == models[1]


def test_what_does_not_fit_into_the_memory_is_left_out():
    small, large = Model("a-1b-it", billions=1, size=GB), Model("a-7b-it", billions=7, size=5 * GB)
    assert choose([small, large], memory=16 * GB) == large
    assert choose([small, large], memory=4 * GB) == small
    assert choose([large], memory=4 * GB) is None
    assert choose([Model("nothing-known")], memory=4 * GB) == Model("nothing-known")


def test_where_nothing_answers_nothing_is_chosen():
    assert choose([Model("x", chat=False), Model("text-embedding-ada")]) is None
    assert choose([]) is None
